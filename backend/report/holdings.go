package report

// A set of scopes or of operations.
type set = map[string]bool

// holdings are the scopes that each client holds, by its name; nil where that is not known.
type holdings map[string]set

// holdsOf are the scopes that each client holds, by its name, as far as they are known. Paxos's list
// knows them better than a client's entry does.
func holdsOf(f *Facts) holdings {
	holds := holdings{}
	for _, c := range f.Clients {
		scopes := c.Scopes
		if listed := f.List.find(c.ID); listed != nil {
			scopes = listed.Scopes
		}
		if scopes == nil {
			continue
		}
		holds[c.Name] = set{}
		for _, scope := range scopes {
			holds[c.Name][scope] = true
		}
	}
	return holds
}
