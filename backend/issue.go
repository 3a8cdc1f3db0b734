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

// issueFields returns the parameters of creds/:name (leased) and token/:name. A read takes none of
// them but the name. A write may ask for less than the role gives.
func issueFields(leased bool) spec.Parameters {
	all := spec.Parameters{
		"name": spec.Name("Name of the role.", "mint"),
		"scopes": {Type: framework.TypeCommaStringSlice, Otherwise: "all scopes of the role",
			Example: "funding:read_profile",
			Text:    "On a write: some of the role's scopes. The token gets only these."},
		rejectedField: {Type: framework.TypeString, Example: "9f86d081884c7d659a2feaa0c55ad015",
			Text: "On a write: the token_id of a token that Paxos answered with HTTP 401. If it is the token issued now, " +
				"the engine asks Paxos, and issues a new token if Paxos rejects it. Not for roles with unique_tokens."},
	}
	if leased {
		all["ttl"] = spec.Parameter{Type: framework.TypeDurationSecond, Otherwise: "the role's ttl", Example: "10m",
			Text: "On a write: a shorter lease than the role's."}
	}
	return all
}

// issue issues a token to a reader of creds/ (leased) or token/. It also returns the request as it
// was parsed, and the session whose Paxos the token is for. It counts the read, and its error is
// fit for the caller.
func (b *backend) issue(ctx context.Context, req *logical.Request, d *framework.FieldData,
	leased bool) (broker.Issued, tokenRequest, *paxosSession, error) {
	issued, want, session, err := b.issueAsItIs(ctx, req, d, leased)
	if err == nil {
		err = b.checkLockdown(ctx, req.Storage) // one may have begun while Paxos was asked
	}
	b.countRead(ctx, req.Storage, want, issued, err)
	if err == nil {
		b.usage.Note(want.name, issued.ClientID, b.options.Now())
	}
	return issued, want, session, explain(err, want)
}

// issueAsItIs issues a token by the role as it is now. If the role is changed or rotated during the
// attempt, it tries once more with the new role, so that a rotation causes no errors for readers.
// It neither counts the read nor explains its error.
func (b *backend) issueAsItIs(ctx context.Context, req *logical.Request, d *framework.FieldData,
	leased bool) (broker.Issued, tokenRequest, *paxosSession, error) {
	for attempt := 0; ; attempt++ {
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
		if err != nil && attempt == 0 && (errors.Is(err, errChanged) || errors.Is(err, broker.ErrEnded)) {
			b.entries.roles.Forget(rolesPrefix + want.name)
			continue
		}
		return issued, want, session, err
	}
}

// issueWarnings tell the reader that its token is an old one and why, or that Paxos may reject it.
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

// doubtWarning tells a reader that reported a rejected token why it got that token again, or
// another one that Paxos may reject.
func doubtWarning(issued broker.Issued) string {
	token, doubt := "the token with token_id "+issued.Fingerprint, issued.Doubt
	switch doubt.Reason {
	case broker.Accepted:
		return fmt.Sprintf("Paxos accepted %s at %s, so it was returned again. The 401 has another cause: "+
			"check the Authorization header, the host, and whether requests must be signed.", token,
			spec.Timestamp(doubt.Asked))
	case broker.Unanswered:
		return fmt.Sprintf("Could not check whether Paxos accepts %s. %s The same token was returned.",
			token, explained(doubt.Cause))
	case broker.Unreplaced:
		return fmt.Sprintf("Paxos rejected %s before it expired, and a new token could not be requested. %s The "+
			"rejected token was returned. Retry in a minute.", token, explained(doubt.Cause))
	}
	return fmt.Sprintf("Paxos rejected %s and also a token that had just been requested, so the token is not "+
		"the cause. "+
		"It is not checked again before %s. Contact your Vault operators: "+
		"the client's IP allow-list or request signing may be the cause.", token, spec.Timestamp(doubt.Until))
}
