package backend

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// rejectedField is the parameter by which an application reports a token that Paxos answers with
// 401.
const rejectedField = "rejected_token_id"

// A tokenRequest is what a reader of creds/ or token/ asks for, after it was checked.
type tokenRequest struct {
	name    string
	role    role
	scopes  []string
	ttl     time.Duration // 0: the reader did not ask for one
	ceiling time.Duration // the longest lease that the guardrails allow

	rejected string // token_id of a token that Paxos rejects, as the reader reports; empty if it reports none
}

// parseTokenRequest checks the request of a reader against lockdown, role and guardrails. leased
// says that the reader gets a lease. It reads memory and not storage, so that a hit stays fast.
// authorize decides again, from storage, before a token is requested.
func (b *backend) parseTokenRequest(ctx context.Context, req *logical.Request, d *framework.FieldData,
	leased bool) (tokenRequest, error) {
	want := tokenRequest{name: d.Get("name").(string)}
	if req.Operation == logical.ReadOperation && len(req.Data) > 0 {
		return want, fault.BadRequest("A read takes no parameters. Write to this path to narrow scopes or ttl.")
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
		return want, fault.Forbidden("Role %q is disabled. Contact your Vault operators.", want.name)
	case want.role.CredentialType != accessToken && !leased:
		return want, fault.BadRequest("Role %q leases whole clients. Read %screds/%s instead.", want.name, mountMark,
			want.name)
	case want.role.UniqueTokens && !leased:
		return want, fault.BadRequest("Role %q issues a separate token to each reader, on a lease. Read %screds/%s instead.",
			want.name, mountMark, want.name)
	}
	if want.rejected, err = rejectedTokenID(d, want.role, want.name); err != nil {
		return want, err
	}
	if asked, ok := d.Raw["scopes"]; ok {
		if want.scopes, err = input.NarrowScopes(input.StrictElements(asked), want.role.ResolvedScopes); err != nil {
			return want, fault.Invalid(err)
		}
	}
	rails, err := b.cachedGuardrails(ctx, req.Storage)
	if err != nil {
		return want, err
	}
	if err := rails.check(want.scopes); err != nil {
		return want, err
	}
	want.ceiling = rails.MaxTTL
	if leased {
		return want, want.narrowTTL(d)
	}
	return want, nil
}

// narrowTTL applies the parameter ttl, by which a reader asks for a shorter lease.
func (w *tokenRequest) narrowTTL(d *framework.FieldData) error {
	asked, ok := input.Given[int](d, "ttl")
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
		return fault.BadRequest("ttl must be at least 1s.")
	case limit > 0 && w.ttl > limit:
		return fault.BadRequest("ttl can only shorten the lease. This role allows at most %s.", limit)
	}
	return nil
}

// rejectedTokenID returns the token_id that the reader reports as rejected, and "" if it reports
// none. Its errors do not repeat the value, because a caller may have sent the token itself.
func rejectedTokenID(d *framework.FieldData, r role, name string) (string, error) {
	if _, ok := d.Raw[rejectedField]; !ok {
		return "", nil
	}
	id, _ := input.Given[string](d, rejectedField)
	const again = "Read %screds/%s again without it."
	switch {
	case r.CredentialType != accessToken:
		return "", fault.BadRequest("%s is for access tokens, but role %q leases clients. "+again, rejectedField,
			name, mountMark, name)
	case r.UniqueTokens:
		return "", fault.BadRequest("%s is for tokens that readers share, but role %q issues a separate token to each "+
			"reader. "+again, rejectedField, name, mountMark, name)
	case !input.ValidTokenID(id):
		return "", fault.BadRequest("%s must be the token_id that was returned with the token: 32 hexadecimal digits in "+
			"lower case, not the token itself.", rejectedField)
	}
	return id, nil
}

// explain adds to an error of Paxos the role and the scopes of the request, which the lower layers
// do not know.
func explain(err error, want tokenRequest) error {
	var refused *paxos.Error
	switch {
	case errors.Is(err, errChanged), errors.Is(err, broker.ErrEnded):
		return fault.BadRequest("Role %q was changed or rotated during this request. Read it again.", want.name)
	case errors.As(err, &refused) && paxos.IsInvalidScope(err):
		return fault.BadRequest("%s lacks %s, which role %q needs. Application owners: contact your Vault operators. "+
			"Operators: add it in the Dashboard, or change the role's scopes, scope_sets or operations.",
			clientLabel(refused.Client), scopesAtFault(refused.Scopes, want.scopes), want.name)
	}
	return err
}

// holderOf returns who makes the request: the Vault entity, or else a value derived from the Vault
// token. A plugin gets a Vault token only as a salted hash, which is always the same for one token
// and mount. The accessor would not do: batch tokens have none, so all of them would be one holder.
func holderOf(req *logical.Request) string {
	if req.EntityID != "" {
		return req.EntityID
	}
	sum := sha256.Sum256([]byte(req.ClientToken))
	return "token " + hex.EncodeToString(sum[:8])
}
