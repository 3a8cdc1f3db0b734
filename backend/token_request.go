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

// tokenRequest is what one reader asks for, judged.
type tokenRequest struct {
	name    string
	role    role
	scopes  []string
	ttl     time.Duration // 0: no wish
	ceiling time.Duration // the longest lease that the guardrails allow

	rejected string // token_id of a token that Paxos rejects, as the reader says; empty for none
}

// parseTokenRequest judges what the reader asks for against the role and the guardrails.
func (b *backend) parseTokenRequest(ctx context.Context, req *logical.Request, d *framework.FieldData,
	leased bool) (tokenRequest, error) {
	want := tokenRequest{name: d.Get("name").(string)}
	if req.Operation == logical.ReadOperation && len(req.Data) > 0 {
		return want, fault.BadRequest("a read takes no parameters; write to this path to narrow scopes or ttl")
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
		return want, fault.Forbidden("role %q is disabled", want.name)
	case want.role.CredentialType != accessToken && !leased:
		return want, fault.BadRequest("role %q leases whole clients: read it from creds/%s", want.name, want.name)
	case want.role.UniqueTokens && !leased:
		return want, fault.BadRequest("role %q gives each reader a token of its own, which ends with its lease: "+
			"read it from creds/%s", want.name, want.name)
	}
	if want.rejected, err = rejectedTokenID(d, want.role, want.name); err != nil {
		return want, err
	}
	if asked, ok := d.Raw["scopes"]; ok {
		if want.scopes, err = input.NarrowScopes(input.StrictElements(asked), want.role.ResolvedScopes); err != nil {
			return want, fault.Invalid(err)
		}
	}
	limits, err := b.cachedGuardrails(ctx, req.Storage)
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
		return fault.BadRequest("ttl must be at least 1s")
	case limit > 0 && w.ttl > limit:
		return fault.BadRequest("ttl may only shorten the lease: the role allows at most %s", limit)
	}
	return nil
}

// rejectedField is the parameter by which an application says that Paxos answered 401 to a token.
const rejectedField = "rejected_token_id"

// rejectedTokenID is what the reader says of a token, empty if it says nothing. Nothing of the
// value is repeated: somebody may have put the token itself there.
func rejectedTokenID(d *framework.FieldData, r role, name string) (string, error) {
	if _, ok := d.Raw[rejectedField]; !ok {
		return "", nil
	}
	id, _ := input.Given[string](d, rejectedField)
	const again = "read creds/%s again without it"
	switch {
	case r.CredentialType != accessToken:
		return "", fault.BadRequest("%s is for access tokens, and role %q leases clients: "+again, rejectedField,
			name, name)
	case r.UniqueTokens:
		return "", fault.BadRequest("%s is for tokens that readers share, and role %q gives each reader its own: "+
			again,
			rejectedField, name, name)
	case !input.ValidTokenID(id):
		return "", fault.BadRequest("%s must be the token_id that came with the token: "+
			"32 hexadecimal digits in lower case, not the token itself", rejectedField)
	}
	return id, nil
}

// explain adds to a refusal what the reader cannot know: the role and its scopes.
func explain(err error, want tokenRequest) error {
	var refused *paxos.Error
	switch {
	case errors.Is(err, errChanged), errors.Is(err, broker.ErrEnded):
		return fault.Invalid(err)
	case errors.As(err, &refused) && paxos.IsInvalidScope(err):
		return fault.BadRequest("%s lacks %s, which role %q needs. Application owners: contact your Vault operators. "+
			"Operators: add it in the Dashboard, or change the role's scopes, scope_sets or operations.",
			clientLabel(refused.Client), scopesAtFault(refused.Scopes, want.scopes), want.name)
	}
	return err
}

// holderOf tells who counts as one: an entity, else one Vault token. A plugin sees a token only
// as a salted value, which is the same for the same token and mount. A batch token has no
// accessor, so the accessor would make all of them one holder.
func holderOf(req *logical.Request) string {
	if req.EntityID != "" {
		return req.EntityID
	}
	sum := sha256.Sum256([]byte(req.ClientToken))
	return "token " + hex.EncodeToString(sum[:8])
}
