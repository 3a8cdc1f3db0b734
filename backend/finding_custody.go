package backend

// custodyFindings finds what a client in the mount's custody may be used for without anybody's
// having said so.
func (r *review) custodyFindings(c custody) {
	subject := "client " + c.Name
	if c.Stored && c.Purpose == "" {
		r.add(medium, ruleWithoutPurpose, subject,
			"The client was stored before clients had a purpose, and nothing uses it: it cannot be used until "+
				"it has one.",
			r.patch(c.Name, "purpose=<mint, lease or standby>"), "client_id="+c.ID)
	}
	if !c.EntityShown && r.seen.find(c.ID) == nil {
		r.add(low, ruleEntityUnknown, subject,
			"The client has not been shown to be of this mount's Entity: it sees no profiles, and no list of "+
				"credentials that the root client asked for had it.",
			byHand("add %s to the scopes of %s, and store its secret again", profileScope, c.ID), "client_id="+c.ID)
	}
}

// purposes finds roles that use a client of another purpose, which is refused when the role is read.
func (p *privileges) purposes(name string, r role) {
	use, names := purposeLease, r.Clients
	if r.CredentialType == accessToken {
		use, names = purposeMint, []string{r.Client}
	}
	for _, client := range names {
		for _, c := range p.clients {
			if client == "" || c.Name != clientsPrefix+client || c.Purpose == use {
				continue
			}
			is := "no purpose"
			if c.Purpose != "" {
				is = "purpose=" + string(c.Purpose)
			}
			p.add(medium, ruleOtherPurpose, rolesPrefix+name,
				"The role uses a client of another purpose: its readers are refused.",
				byHand("create another client in the Dashboard and store it with purpose=%s; then let the "+
					"role use it", use), "client="+client, is)
		}
	}
}
