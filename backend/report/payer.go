package report

import (
	"maps"
	"slices"
	"strings"
)

// beyondSigners finds that tokens of a role allow payments that no signer of its client may sign. Where
// Paxos does not enforce signatures, the holder of a token can make them unsigned.
func (p *Privileges) beyondSigners(role Role, given []string) {
	signers := p.by.signersOf(role.Client)
	if len(signers) == 0 {
		return
	}
	signed := p.by.signedFor(role.Client)
	var more []string
	without, needed := set{}, set{}
	for _, o := range allowed(p.paying, given) {
		into := needed
		if !signed[o.ID] {
			more, into = append(more, o.ID), without
		}
		for _, scope := range o.Scopes {
			into[scope] = true
		}
	}
	surplus := slices.DeleteFunc(slices.Clone(role.Scopes), func(scope string) bool {
		return !without[scope] || needed[scope]
	})
	enforced := p.clientEnforcement(role.Client).State == Enforced
	if len(more) == 0 || enforced && len(surplus) == 0 { // Paxos refuses them, and no scope can be spared
		return
	}
	severity, reason := Medium, "Tokens of this role allow payments that no signer of the client may sign. Where Paxos "+
		"does not enforce signatures, anyone with such a token can make them for any amount"
	if enforced {
		severity, reason = Low, "Tokens of this role allow payments that no signer of the client may sign, so "+
			"Paxos refuses them. The role does not need these scopes"
	}
	suggestion := ""
	if len(surplus) > 0 {
		suggestion = p.withoutScopes(rolesPrefix+role.Name, role, surplus).command
	}
	p.suggest(severity, ruleBeyondSigners, rolesPrefix+role.Name, reason,
		"# ask the role's owner whether the application needs these operations. If so, name them in the signer that "+
			"it uses ("+strings.Join(some(signers), ", ")+")", suggestion, some(more)...)
}

// ShownPayers are the roles whose readers get tokens that can pay, as reports answer them, each with the
// operations and with what is known of signatures. They are in the order of their clients.
func (p *Privileges) ShownPayers() []any {
	shown := []any{}
	for _, client := range slices.Sorted(maps.Keys(p.grants)) {
		state := p.clientEnforcement(client)
		for _, g := range p.grants[client] {
			operations := []string{}
			for _, o := range allowed(p.paying, g.scopes) {
				operations = append(operations, o.ID)
			}
			if len(operations) == 0 && !moveMoney(g.scopes) {
				continue
			}
			shown = append(shown, map[string]any{
				"role": g.role.Name, "client": client, "leases_client": g.role.LeasesClients, "operations": operations,
				"signers": append([]string{}, p.by.signersOf(client)...), "signing": state.State,
				"signing_seen_at": timestamp(state.At), "signing_evidence": state.Evidence,
			})
		}
	}
	return shown
}
