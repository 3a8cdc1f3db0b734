package backend

import (
	"context"
	"slices"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/report"
	"vault-plugin-secrets-paxos/backend/store"
	"vault-plugin-secrets-paxos/backend/usage"
)

// facts gathers everything that the reports are made from. list is Paxos's list of credentials.
// mount is the path of the mount, which the reports put into commands.
func (b *backend) facts(ctx context.Context, s logical.Storage, mount string,
	list credentialList) (*report.Facts, error) {
	settings, err := b.loadSettings(ctx, s)
	if err != nil {
		return nil, err
	}
	c := settings.config
	if c.Environment == "" { // the mount is not configured: the defaults count
		c = newConfig()
	}
	exceptions, err := storedExceptions(ctx, s)
	if err != nil {
		return nil, err
	}
	if err := b.usage.Load(ctx, s); err != nil {
		return nil, err
	}
	f := &report.Facts{
		Mount: mount, Now: b.options.Now(), ConnectionDangers: settings.connection.dangers(),
		Guardrails: settings.guardrails.facts(), List: list.facts(), Exceptions: exceptions,
		Elsewhere: b.mount.all.clientIDs(ctx, b),
		Settings: report.Settings{CredentialMaxAge: c.CredentialMaxAge, EgressCIDRs: c.EgressCIDRs,
			VerifyScope: c.VerifyScope, TokenBudget: b.throttling(c, settings.connection).budget},
	}
	if own := c.TokenBudget; own > 0 {
		f.Settings.TokenBudget = min(f.Settings.TokenBudget, own)
	}
	if f.Clients, err = clientFacts(ctx, s, b.usage.Last); err != nil {
		return nil, err
	}
	seen, err := b.cachedProbe(ctx, s)
	if err != nil {
		return nil, err
	}
	for i := range f.Clients {
		f.Clients[i].Tried = triedEnforcement(seen, f.Clients[i].ID)
	}
	if err := addSigningFacts(ctx, s, f); err != nil {
		return nil, err
	}
	return f, store.Each(ctx, s, rolesPrefix, func(name string, r role) error {
		f.Roles = append(f.Roles, r.facts(name, b.usage.Last(usage.Role(name))))
		return nil
	}, func(name string) error {
		f.UnreadableRoles = append(f.UnreadableRoles, name)
		return nil
	})
}

// clientFacts lists the clients that the mount stores, the root client first. It lists none while
// there is no root client.
func clientFacts(ctx context.Context, s logical.Storage,
	lastIssued func(usage.Subject) time.Time) ([]report.Client, error) {
	root, err := storedRoot(ctx, s)
	if err != nil {
		return nil, err
	}
	g, ok := root.current()
	if !ok {
		return nil, nil
	}
	first := report.Client{Name: rootName, ID: g.ClientID, Since: g.Since, Verified: g.Verified, Rotate: rotateRootPath,
		EntityShown: len(root.Profiles) > 0, LastIssued: lastIssued(usage.Client(g.ClientID))}
	for _, before := range root.Generations {
		if before.ClientID != g.ClientID && !slices.Contains(first.Former, before.ClientID) {
			first.Former = append(first.Former, before.ClientID)
		}
	}
	all := []report.Client{first}
	err = eachStoredClient(ctx, s, func(name string, n storedClient) error {
		if n.State == stateUnreadable { // nothing is known of it; status and lockdown name it
			return nil
		}
		g, _ := n.current()
		all = append(all, report.Client{
			Name: clientsPrefix + name, ID: g.ClientID, Since: g.Since, Verified: g.Verified,
			Rotate: clientsPrefix + name + "/rotate", Scopes: n.Scopes, Stored: true, Purpose: string(n.Purpose),
			EntityShown: n.Listed ||
				overlap(n.Profiles, root.Profiles), LastIssued: lastIssued(usage.Client(g.ClientID)),
		})
		return nil
	})
	return all, err
}

// facts returns what the reports know of the guardrails.
func (g guardrails) facts() report.Guardrails {
	return report.Guardrails{
		Forbids:           func(scope string) bool { return g.refusal(scope) != "" },
		AllowUncatalogued: g.AllowUncatalogued, MaxTTL: g.MaxTTL, DeletablePrefix: g.deletablePrefix(),
		Dangers: g.dangers(), SignLimits: shownLimits(g.SignLimits), SignDailyLimits: shownLimits(g.SignDailyLimits),
	}
}

// facts returns what the reports know of the role.
func (r role) facts(name string, lastIssued time.Time) report.Role {
	pool := make([]string, 0, len(r.Clients))
	for _, client := range r.Clients {
		pool = append(pool, clientsPrefix+client)
	}
	client := rootName
	if r.Client != "" {
		client = clientsPrefix + r.Client
	}
	return report.Role{
		Name: name, Identity: r.identity(), Client: client, LeasesClients: r.CredentialType == clientCredentials,
		Clients: pool, Scopes: r.ResolvedScopes, ByScopeSets: len(r.ScopeSets) > 0, ByOperations: len(r.Operations) > 0,
		UniqueTokens: r.UniqueTokens, MintLimit: r.mintLimit(), TTL: r.TTL, MaxTTL: r.MaxTTL, Disabled: r.Disabled,
		CreatedAt: r.CreatedAt, LastIssued: lastIssued, Dangers: r.dangers(),
	}
}

// facts returns what the reports know of Paxos's list.
func (c credentialList) facts() report.List {
	list := report.List{At: c.At, ListedAt: c.ListedAt, Refused: c.Refused, Left: c.Left}
	for _, o := range c.Credentials {
		credential := report.Credential{ClientID: o.ClientID, Label: o.Label, PublicKeys: o.PublicKeys,
			CreatedAt: o.CreatedAt, ChangedAt: o.ChangedAt, Attributes: report.Attributes(o.attributes)}
		if o.Was != nil {
			was := report.Attributes(*o.Was)
			credential.Was = &was
		}
		list.Credentials = append(list.Credentials, credential)
	}
	return list
}
