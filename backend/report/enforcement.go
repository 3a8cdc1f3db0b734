package report

// enforcement is the best evidence of whether Paxos refuses unsigned requests of a client. A request
// that was tried says more than Paxos's list, unless somebody has switched signing off since then.
func (f *Facts) enforcement(c Client) Enforcement {
	listed := f.List.find(c.ID)
	tried := c.Tried.State == Enforced || c.Tried.State == NotEnforced
	switch {
	case tried && (listed == nil || !listed.switchedOff() || !listed.ChangedAt.After(c.Tried.At)):
		return c.Tried
	case listed == nil:
		return Enforcement{State: EnforcementUnknown}
	case listed.Signing:
		return Enforcement{State: Enforced, At: f.List.ListedAt, Evidence: ByList}
	}
	return Enforcement{State: NotEnforced, At: f.List.ListedAt, Evidence: ByList}
}

// clientEnforcement is the enforcement for a client that may not be stored.
func (f *Facts) clientEnforcement(name string) Enforcement {
	for _, c := range f.Clients {
		if c.Name == name {
			return f.enforcement(c)
		}
	}
	return Enforcement{State: EnforcementUnknown}
}
