package backend

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// issueFields are the parameters of creds/:name and token/:name. A read takes none
// of them; a write may narrow what it gets.
func issueFields(description string, leased bool) fields {
	all := fields{
		"name": nameField(description),
		"scopes": {Type: framework.TypeCommaStringSlice,
			Description: "On write: some of the role's scopes, instead of all."},
	}
	all[rejectedField] = &framework.FieldSchema{
		Type: framework.TypeString,
		Description: "On write: the token_id of a token to which Paxos answered 401. If it is the one served, " +
			"Paxos is asked, and a new token is issued if Paxos rejects it.",
	}
	if leased {
		all["ttl"] = &framework.FieldSchema{Type: framework.TypeDurationSecond,
			Description: "On write: a shorter lease than the role's."}
	}
	return all
}

// tokenAnswer is what issuing an access token answers.
func tokenAnswer(further fields) fields {
	all := fields{
		"access_token": {Type: framework.TypeString, Required: true, Description: "The bearer token.",
			DisplayAttrs: &framework.DisplayAttributes{Sensitive: true}},
		"token_type": {Type: framework.TypeString, Required: true, Description: "Always Bearer."},
		"scope": {Type: framework.TypeString, Required: true,
			Description: "The scopes granted, space-delimited."},
		"expires_at": {Type: framework.TypeString, Required: true, Description: "When the token expires (RFC 3339)."},
		"client_id": {Type: framework.TypeString, Required: true,
			Description: "Client ID of the client that it was requested with."},
		"environment": {Type: framework.TypeString, Required: true, Description: "production, sandbox or custom."},
		"api_url": {Type: framework.TypeString, Required: true,
			Description: "Where to use it, with the API's version."},
		"token_id": {Type: framework.TypeString, Required: true,
			Description: "Fingerprint of the token for audit; not a secret."},
	}
	for name, field := range further {
		all[name] = field
	}
	return all
}

// wanted is what one reader asks for, judged.
type wanted struct {
	name    string
	role    role
	scopes  []string
	ttl     time.Duration // 0: no wish
	ceiling time.Duration // the longest lease that the guardrails allow

	rejected string // token_id of a token that Paxos rejects, as the reader says; empty for none
}

// errChanged reports that the role is not what it was when the reader came.
var errChanged = errors.New("the role was changed or rotated while a token was being requested; read again")

// issue answers a reader of creds/ or token/ with a token, and where it was minted.
func (b *backend) issue(ctx context.Context, req *logical.Request, d *framework.FieldData,
	leased bool) (broker.Issued, wanted, *link, error) {
	issued, want, link, err := b.issueAsItIs(ctx, req, d, leased)
	if err == nil {
		err = b.checkLockdown(ctx, req.Storage) // it may have come while the token was being found
	}
	b.countRead(ctx, req.Storage, want, issued, err)
	if err == nil {
		b.usage.note(want.name, issued.ClientID, b.options.Now())
	}
	return issued, want, link, explain(err, want)
}

// issueAsItIs serves a reader that met a rotation by the role as it is afterwards.
func (b *backend) issueAsItIs(ctx context.Context, req *logical.Request, d *framework.FieldData,
	leased bool) (broker.Issued, wanted, *link, error) {
	for try := 0; ; try++ {
		want, err := b.want(ctx, req, d, leased)
		if err != nil {
			return broker.Issued{}, want, nil, err
		}
		link, err := b.dial(ctx, req.Storage)
		if err != nil {
			return broker.Issued{}, want, nil, err
		}
		c, err := b.configs.get(ctx, req.Storage, configKey)
		if err != nil {
			return broker.Issued{}, want, nil, err
		}
		narrowed, caller := len(want.scopes) < len(want.role.ResolvedScopes), ""
		if narrowed {
			caller = holderOf(req)
		}
		issued, err := b.broker.Issue(ctx, broker.Request{
			Key: broker.Key{
				Role: want.role.ID, Client: want.role.Client, Connection: link.fingerprint,
				Scopes: broker.ScopeSet(want.scopes), Leased: leased,
			},
			RoleName: want.name, Scopes: want.scopes, Own: want.role.UniqueTokens, Narrowed: narrowed,
			Holder:      broker.Holder{EntityID: req.EntityID, DisplayName: req.DisplayName},
			Caller:      caller,
			Rejected:    want.rejected,
			MinimumLife: want.role.MinTTL, IdleTTL: want.role.IdleTTL, RefreshAt: c.RefreshAt,
			Authorize: func(ctx context.Context) (broker.Minter, error) { return b.authorize(ctx, want) },
		})
		if err != nil && try == 0 && (errors.Is(err, errChanged) || errors.Is(err, broker.ErrEnded)) {
			b.roles.forget(rolesPrefix + want.name)
			continue
		}
		return issued, want, link, err
	}
}

// want judges what the reader asks for against the role and the guardrails.
func (b *backend) want(ctx context.Context, req *logical.Request, d *framework.FieldData, leased bool) (wanted, error) {
	want := wanted{name: d.Get("name").(string)}
	if req.Operation == logical.ReadOperation && len(req.Data) > 0 {
		return want, badRequest("a read takes no parameters; write to this path to narrow scopes or ttl")
	}
	if err := b.checkLockdown(ctx, req.Storage); err != nil {
		return want, err
	}
	var err error
	if want.role, err = b.role(ctx, req.Storage, want.name); err != nil {
		return want, err
	}
	want.scopes = want.role.ResolvedScopes
	switch {
	case want.role.Disabled:
		return want, forbidden("role %q is disabled", want.name)
	case want.role.CredentialType != accessToken && !leased:
		return want, badRequest("role %q leases whole clients: read it from creds/%s", want.name, want.name)
	case want.role.UniqueTokens && !leased:
		return want, badRequest("role %q gives each reader a token of its own, which ends with its lease: "+
			"read it from creds/%s", want.name, want.name)
	}
	if want.rejected, err = rejectedTokenID(d, want.role, want.name); err != nil {
		return want, err
	}
	if asked, ok := d.Raw["scopes"]; ok {
		if want.scopes, err = narrowScopes(elements(asked), want.role.ResolvedScopes); err != nil {
			return want, badRequest("%s", err)
		}
	}
	limits, err := b.guardrails.get(ctx, req.Storage, guardrailsKey)
	if err != nil {
		return want, err
	}
	if err := limits.check(want.scopes); err != nil {
		return want, err
	}
	want.ceiling = limits.MaxTTL
	if leased {
		return want, want.narrowTTL(d)
	}
	return want, nil
}

// narrowTTL takes the reader's wish for a shorter lease.
func (w *wanted) narrowTTL(d *framework.FieldData) error {
	asked, ok := given[int](d, "ttl")
	if !ok {
		return nil
	}
	w.ttl = time.Duration(asked) * time.Second
	limit := w.role.TTL
	if limit == 0 {
		limit = w.role.MaxTTL
	}
	switch {
	case w.ttl <= 0:
		return badRequest("ttl must be at least 1s")
	case limit > 0 && w.ttl > limit:
		return badRequest("ttl may only shorten the lease: the role allows at most %s", limit)
	}
	return nil
}

// authorize reads again whether lockdown, guardrails and role let these scopes be
// issued, and who mints. It is asked before and after every mint, and asks storage,
// not memory.
func (b *backend) authorize(ctx context.Context, want wanted) (broker.Minter, error) {
	if !b.writable() {
		return broker.Minter{}, logical.ErrReadOnly
	}
	if err := checkStoredLockdown(ctx, b.storage); err != nil {
		return broker.Minter{}, err
	}
	r, err := load[role](ctx, b.storage, rolesPrefix+want.name)
	if errors.Is(err, errNotFound) {
		return broker.Minter{}, errChanged
	}
	if err != nil {
		return broker.Minter{}, err
	}
	if r.ID != want.role.ID || r.Client != want.role.Client || r.Disabled || !r.holds(want.scopes) {
		return broker.Minter{}, errChanged
	}
	limits, err := storedGuardrails(ctx, b.storage)
	if err != nil {
		return broker.Minter{}, err
	}
	if err := limits.check(want.scopes); err != nil {
		return broker.Minter{}, err
	}
	minting, err := b.clientOf(ctx, r, want, limits)
	if err != nil {
		return broker.Minter{}, err
	}
	minter, err := b.minter(ctx, r.Client, minting)
	minter.Role, minter.Name = r.mintLimit(), r.Client
	return minter, err
}

// clientOf is the client that mints the role's tokens, if it may mint these.
func (b *backend) clientOf(ctx context.Context, r role, want wanted, limits guardrails) (client, error) {
	if r.Client == "" {
		return storedRoot(ctx, b.storage)
	}
	n, err := storedNamed(ctx, b.storage, r.Client)
	lacking := n.lacking(want.scopes)
	switch {
	case errors.Is(err, errNotFound):
		return client{}, badRequest("role %q mints with client %q, which is not stocked: write it to clients/%s",
			want.name, r.Client, r.Client)
	case err != nil:
		return client{}, err
	case n.unlike(purposeMint) != "":
		return client{}, badRequest("Client %q, which role %q requests tokens with, %s. Roles request tokens "+
			"only with clients of purpose=mint.", r.Client, want.name, n.unlike(purposeMint))
	case n.unchecked() && limits.RefuseUnchecked:
		return client{}, forbidden("The secret of client %q, which role %q requests tokens with, was never "+
			"verified, and the guardrails (allow_unchecked_clients=false) let no such client be used. "+
			"Operators: write its new secret to clients/%s/rotate.", r.Client, want.name, r.Client)
	case n.Disabled:
		return client{}, forbidden("client %q, with which role %q mints, is disabled", r.Client, want.name)
	case !n.allows(want.name):
		return client{}, forbidden("client %q does not name role %q among its allowed_roles", r.Client, want.name)
	case n.State != available:
		return client{}, badRequest("client %q, with which role %q mints, is %s", r.Client, want.name, n.State)
	case len(lacking) > 0:
		return client{}, badRequest("client %q does not hold %s, which role %q asks for: add it in the "+
			"Dashboard and to the client's scopes, or change the role", r.Client, shortened(lacking), want.name)
	}
	return n.client, nil
}

// explain adds to a refusal what the reader cannot know: the role and its scopes.
func explain(err error, want wanted) error {
	var refused *paxos.Error
	switch {
	case errors.Is(err, errChanged), errors.Is(err, broker.ErrEnded):
		return badRequest("%s", err)
	case errors.As(err, &refused) && refused.Code == "invalid_scope":
		return badRequest("%s lacks %s, which role %q needs. Application owners: contact your Vault operators. "+
			"Operators: add it in the Dashboard, or change the role's scopes, scope_sets or operations.",
			clientLabel(refused.Client), scopesAtFault(refused.Scopes, want.scopes), want.name)
	}
	return err
}

// answerToken is the part of the answer that leased and unleased tokens share.
func answerToken(issued broker.Issued, link *link) map[string]any {
	return map[string]any{
		"access_token": issued.AccessToken.Reveal(),
		"token_type":   "Bearer",
		"scope":        strings.Join(issued.Scopes, " "),
		"expires_at":   timestamp(issued.ExpiresAt),
		"client_id":    issued.ClientID,
		"environment":  link.environment,
		"api_url":      link.Endpoints().APIURL,
		"token_id":     issued.Fingerprint,
	}
}

// issueWarnings tell the reader that it got an old token, and why, or one that Paxos may reject.
func issueWarnings(issued broker.Issued) []string {
	if issued.Doubt != nil {
		return []string{doubtWarning(issued)}
	}
	if issued.Stale == nil {
		return nil
	}
	return []string{"The token could not be refreshed and is served until it expires at " +
		timestamp(issued.ExpiresAt) + ". " + explained(issued.Stale)}
}
