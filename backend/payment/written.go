package payment

import (
	"fmt"
	"slices"
	"sync"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// Validate checks what an operator wrote. Limits were checked when they were parsed. Every error is an
// *Invalid. It repeats names of operations and fields, but no source, destination or end user.
func (p Policy) Validate() error {
	for _, check := range []struct {
		parameter string
		entries   []string
		problem   func(entry string) string
	}{
		{"operations", p.Operations, operationProblem},
		{"sources", p.Sources, idProblem},
		{"destinations", p.Destinations, destinationProblem},
		{"end_users", p.EndUsers, idProblem},
		{"unlimited_operations", p.UnlimitedOperations, p.unlimitedProblem},
		{"extra_fields", p.ExtraFields, extraFieldProblem},
	} {
		for i, entry := range check.entries {
			if why := check.problem(entry); why != "" {
				return &Invalid{Parameter: fmt.Sprintf("%s[%d]", check.parameter, i), Reason: why}
			}
		}
	}
	return nil
}

// operationProblem returns what is wrong with an entry of operations; empty if nothing is.
func operationProblem(id string) string {
	switch _, ok := catalog.LookupOperation(id); {
	case ok:
		return ""
	case id == Any:
		return "must name an operation: * is not allowed here"
	case !isName(id):
		return "must be the id of an operation, such as CreateCryptoWithdrawal"
	}
	return fmt.Sprintf("must be the id of an operation, not %s%s", id, catalog.DidYouMean(catalog.NearOperations(id)))
}

// unlimitedProblem returns what is wrong with an entry of unlimited_operations; empty if nothing is.
func (p Policy) unlimitedProblem(id string) string {
	if why := operationProblem(id); why != "" {
		return why
	}
	switch m, ok := LookupMovement(id); {
	case !slices.Contains(p.Operations, id):
		return fmt.Sprintf("must not contain %s, because it is not in operations", id)
	case ok && m.Judged == ByAmount:
		return fmt.Sprintf("must not contain %s: its amount is in the body and is always compared with limits. Raise limits instead", id)
	case !ok || m.Judged != Unlimited:
		return fmt.Sprintf("must not contain %s, which moves no amount: an entry in operations is enough", id)
	}
	return ""
}

// idProblem returns what is wrong with the id of a profile, an identity or an account; empty if
// nothing is.
func idProblem(id string) string {
	if !isPlain(id) {
		return "must be an id (printable ASCII characters, no spaces) or *"
	}
	return ""
}

// destinationProblem returns what is wrong with an entry of destinations; empty if nothing is.
func destinationProblem(entry string) string {
	if entry == Any {
		return ""
	}
	if _, err := ParseDestination(entry); err != nil {
		return err.Error()
	}
	return ""
}

// knownFields maps the canonical form of every key in the catalogue to the key.
var knownFields = sync.OnceValue(func() map[string]string {
	fields := map[string]string{}
	var collect func(s *shape)
	collect = func(s *shape) {
		for spelling, key := range s.spellings {
			fields[spelling] = key
			collect(s.members[key])
		}
	}
	for _, known := range operations() {
		collect(known.body)
	}
	return fields
})

// extraFieldProblem returns what is wrong with an entry of extra_fields; empty if nothing is. A
// field that the catalogue knows of any operation must be judged there, under any spelling.
func extraFieldProblem(field string) string {
	if !isName(field) {
		return "must be the name of a top-level field of a body"
	}
	switch name, ok := knownFields()[canonical(field)]; {
	case ok && name == field:
		return fmt.Sprintf("must not be %s: this version knows that field and always checks it", field)
	case ok:
		return fmt.Sprintf("must not be %s, because Paxos may read it as %s", field, name)
	}
	return ""
}
