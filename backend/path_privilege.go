package backend

import (
	"context"
	"maps"
	"slices"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/store"
	"vault-plugin-secrets-paxos/backend/usage"
)

func (b *backend) pathPrivilege() *framework.Path {
	return &framework.Path{
		Pattern: privilegePath + "$",
		HelpSynopsis: "Access available through this mount, and what should be reduced. Asks Paxos only " +
			"with refresh=true.",
		HelpDescription: privilegeHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Fields:          reportFields,
		Operations: operations{
			logical.ReadOperation: displayed(onActive(b.readPrivilege, "Read the findings for a security review.",
				answer("The report.", privilegeAnswer)), "read", "least-privilege-report"),
		},
	}
}

// privilegeAnswer is what a read of report/least-privilege holds.
var privilegeAnswer = reporting(fields{
	"scopes": {Type: framework.TypeSlice, Required: true,
		Description: "Objects, one for each scope that anyone could get now: scope, risk, catalogued, roles " +
			"(that give it)."},
	"clients": {Type: framework.TypeSlice, Required: true,
		Description: "Objects: name, client_id, scopes (that it was seen to hold at Paxos), scopes_known, " +
			"risk, secret_set_at, secret_verified, last_issued_at."},
	"roles": {Type: framework.TypeInt, Required: true, Description: "How many roles there are."},
})

// readPrivilege answers GET report/least-privilege.
func (b *backend) readPrivilege(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	least, seen, warnings, err := b.beginReport(ctx, req, d)
	if err != nil {
		return reply(err)
	}
	p, settings, err := b.privileges(ctx, req, seen)
	if err != nil {
		return reply(err)
	}
	roles, err := p.roles(ctx, req.Storage)
	if err != nil {
		return reply(err)
	}
	p.lookAtClients(p.callers)
	p.mountWide(settings)
	data := p.answer(least)
	data["roles"], data["scopes"], data["clients"] = roles, p.shownScopes(), p.shownClients()
	return &logical.Response{Data: data, Warnings: warnings}, nil
}

// privileges begins a review with what is stored of the mount as a whole.
func (b *backend) privileges(ctx context.Context, req *logical.Request,
	seen comparison) (*privileges, connection, error) {
	settings, err := storedConnection(ctx, req.Storage)
	if err != nil {
		return nil, settings, err
	}
	limits, err := storedGuardrails(ctx, req.Storage)
	if err != nil {
		return nil, settings, err
	}
	if err := b.usage.Load(ctx, req.Storage); err != nil {
		return nil, settings, err
	}
	r, err := b.review(ctx, req, seen)
	if err != nil {
		return nil, settings, err
	}
	budget := b.throttling(r.settings, settings).budget
	if own := r.settings.TokenBudget; own > 0 {
		budget = min(budget, own)
	}
	return newPrivileges(r, limits, b.usage.Last, budget), settings, nil
}

// roles looks at every role, one at a time, and counts them.
func (p *privileges) roles(ctx context.Context, s logical.Storage) (count int, err error) {
	return count, store.Each(ctx, s, rolesPrefix, func(name string, r role) error {
		p.role(name, r)
		count++
		return nil
	}, func(name string) error {
		p.suggest(medium, ruleUnreadable, rolesPrefix+name,
			"The stored entry of the role cannot be read, so that it issues nothing: it is damaged, or a "+
				"later version of the plugin wrote it",
			"# upgrade the plugin on this node if a later version wrote the entry", command("delete",
				p.mount+rolesPrefix+name))
		return nil
	})
}

// shownScopes is every scope that anyone could get, and from which roles.
func (p *privileges) shownScopes() []any {
	shown := make([]any, 0, len(p.gives))
	for _, scope := range slices.Sorted(maps.Keys(p.gives)) {
		_, catalogued := catalog.LookupScope(scope)
		shown = append(shown, map[string]any{"scope": scope, "risk": catalog.RiskOf(scope).String(),
			"catalogued": catalogued, "roles": p.gives[scope]})
	}
	return shown
}

// shownClients are the clients in custody.
func (p *privileges) shownClients() []any {
	shown := make([]any, 0, len(p.clients))
	for _, c := range p.clients {
		scopes := append([]string{}, slices.Sorted(maps.Keys(p.holds[c.Name]))...)
		shown = append(shown, map[string]any{
			"name": c.Name, "client_id": c.ID, "scopes": scopes, "scopes_known": p.holds[c.Name] != nil,
			"risk":          riskName(scopes),
			"secret_set_at": timestamp(c.Since), "secret_verified": c.Verified,
			"last_issued_at": timestamp(p.lastUse(usage.Client(c.ID))),
		})
	}
	return shown
}
