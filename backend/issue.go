package backend

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/spec"
)

// issueFields are the parameters of creds/:name and token/:name. A read takes none
// of them; a write may narrow what it gets.
func issueFields(description string, leased bool) spec.Fields {
	all := spec.Fields{
		"name": spec.Name(description),
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

// issue answers a reader of creds/ or token/ with a token, and where it was minted.
func (b *backend) issue(ctx context.Context, req *logical.Request, d *framework.FieldData,
	leased bool) (broker.Issued, tokenRequest, *paxosSession, error) {
	issued, want, session, err := b.issueAsItIs(ctx, req, d, leased)
	if err == nil {
		err = b.checkLockdown(ctx, req.Storage) // it may have come while the token was being found
	}
	b.countRead(ctx, req.Storage, want, issued, err)
	if err == nil {
		b.usage.Note(want.name, issued.ClientID, b.options.Now())
	}
	return issued, want, session, explain(err, want)
}

// issueAsItIs serves a reader that met a rotation by the role as it is afterwards.
func (b *backend) issueAsItIs(ctx context.Context, req *logical.Request, d *framework.FieldData,
	leased bool) (broker.Issued, tokenRequest, *paxosSession, error) {
	for try := 0; ; try++ {
		want, err := b.parseTokenRequest(ctx, req, d, leased)
		if err != nil {
			return broker.Issued{}, want, nil, err
		}
		session, err := b.openSession(ctx, req.Storage)
		if err != nil {
			return broker.Issued{}, want, nil, err
		}
		c, err := b.cachedConfig(ctx, req.Storage)
		if err != nil {
			return broker.Issued{}, want, nil, err
		}
		narrowed, caller := len(want.scopes) < len(want.role.ResolvedScopes), ""
		if narrowed {
			caller = holderOf(req)
		}
		issued, err := b.broker.Issue(ctx, broker.Request{
			Key: broker.Key{
				Role: want.role.ID, Client: want.role.Client, Connection: session.fingerprint,
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
			b.entries.roles.Forget(rolesPrefix + want.name)
			continue
		}
		return issued, want, session, err
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
		spec.Timestamp(issued.ExpiresAt) + ". " + explained(issued.Stale)}
}

// doubtWarning tells the reader why the token that it got may be one that Paxos rejects.
func doubtWarning(issued broker.Issued) string {
	token, doubt := "the token with token_id "+issued.Fingerprint, issued.Doubt
	switch doubt.Reason {
	case broker.Accepted:
		return fmt.Sprintf("Paxos accepted %s at %s, so it was returned again. The 401 has another cause: "+
			"check the Authorization header, the host, and whether requests must be signed.", token,
			spec.Timestamp(doubt.Asked))
	case broker.Unanswered:
		return fmt.Sprintf("It could not be checked whether Paxos accepts %s (%s). The same token was returned. Retry.",
			token, doubt.Cause)
	case broker.Unreplaced:
		return fmt.Sprintf("Paxos rejected %s before it expired, and a new token could not be requested (%s). "+
			"The rejected token was returned. Retry in a minute.", token, doubt.Cause)
	}
	return fmt.Sprintf("Paxos rejected %s and also a token that had just been requested, so the token is not "+
		"the cause. "+
		"It is not checked again before %s. Contact your Vault operators: "+
		"the client's IP allow-list or request signing may be the cause.", token, spec.Timestamp(doubt.Until))
}
