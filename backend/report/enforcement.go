package report

import "time"

// changesKept is how long Paxos's list remembers what a credential was before it changed.
const changesKept = 7 * 24 * time.Hour

// enforcement is the best evidence of whether Paxos refuses unsigned requests of a client. A request
// that was tried says more than Paxos's list, as long as nobody can have switched signing off since
// then.
func (f *Facts) enforcement(c Client) Enforcement {
	listed := f.List.find(c.ID)
	switch {
	case c.Tried.State == NotEnforced, c.Tried.State == Enforced && f.stands(c.Tried, listed):
		return c.Tried
	case listed == nil:
		return Enforcement{State: EnforcementUnknown}
	case listed.Signing:
		return Enforcement{State: Enforced, At: f.List.ListedAt, Evidence: ByList}
	}
	return Enforcement{State: NotEnforced, At: f.List.ListedAt, Evidence: ByList}
}

// stands reports whether an enforcement that was tried still stands. Paxos may enforce signatures for
// an operation although its list says of the client that it does not. So the list refutes it only if
// signing was switched off later, or if that would be forgotten by now.
func (f *Facts) stands(tried Enforcement, listed *Credential) bool {
	if listed == nil || listed.Signing {
		return true
	}
	later := listed.switchedOff() && listed.ChangedAt.After(tried.At)
	return !later && f.Now.Sub(tried.At) <= changesKept
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
