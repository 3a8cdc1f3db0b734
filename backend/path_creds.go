package backend

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/store"
)

func (b *backend) pathCreds() *framework.Path {
	return &framework.Path{
		Pattern:         "creds/" + namePattern + "$",
		HelpSynopsis:    "Issue an access token of a role, or one of its clients, on a lease.",
		HelpDescription: credsHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos", ItemType: "Credential"},
		Fields:          issueFields("Name of the role.", true),
		Operations: operations{
			logical.ReadOperation: displayed(onActive(b.readCreds,
				"Issue an access token, or a client, on a lease.", responseBody("The credential.",
					credsAnswer())), "generate", "credentials"),
			logical.UpdateOperation: displayed(onActive(b.readCreds,
				"Issue an access token on a lease, with fewer scopes or a shorter lease than the role's.",
				responseBody("The credential.", credsAnswer())), "generate", "credentials-with-parameters"),
		},
	}
}

// readCreds answers GET and POST creds/:name.
func (b *backend) readCreds(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	if b.leasesClients(ctx, req.Storage, d.Get("name").(string)) {
		return b.leaseClient(ctx, req, d)
	}
	issued, want, session, err := b.issue(ctx, req, d, true)
	if err != nil {
		return reply(err)
	}
	left := issued.ExpiresAt.Sub(b.options.Now()).Truncate(time.Second)
	ttl := b.leaseTTL(want, left)
	if ttl <= 0 { // zero would mean the mount's default, 32 days
		return reply(&fault{http.StatusServiceUnavailable, "The token expired while it was being issued. Read again."})
	}
	resp := b.Secret(accessToken).Response(answerToken(issued, session), map[string]any{
		leaseTokenID:    issued.Fingerprint,
		leaseIssue:      strconv.FormatUint(issued.Issue, 16),
		leaseGeneration: strconv.Itoa(issued.Generation),
		leaseExpiresAt:  issued.ExpiresAt.UTC().Format(time.RFC3339Nano),
	})
	resp.Secret.TTL, resp.Secret.MaxTTL = ttl, min(want.ceiling, left)
	resp.Warnings = append(issueWarnings(issued), cutWarning(want, ttl, left)...)
	if seen, err := b.cachedProbe(ctx, req.Storage); err == nil { // what is not known warns nobody
		resp.Warnings = append(resp.Warnings, seen.warnings()...)
	}
	return resp, nil
}

// What a lease carries: all that its end needs, as strings, because gRPC makes
// floats of numbers. These names are stored with every lease and never change.
const (
	leaseTokenID    = "token_id"
	leaseIssue      = "issue"
	leaseGeneration = "generation"
	leaseExpiresAt  = "expires_at"
)

// secretAccessToken is the lease type of access tokens. It has no Renew: Paxos
// extends no token. Its name is stored with every lease and never changes.
func (b *backend) secretAccessToken() *framework.Secret {
	return &framework.Secret{
		Type:   accessToken,
		Fields: fields{"access_token": {Type: framework.TypeString, Description: "The bearer token."}},
		Revoke: b.revokeAccessToken,
	}
}

// revokeAccessToken ends a lease. It reads neither role nor config, succeeds when
// the token has ended already, and fails only where trying again helps: an error
// that Vault takes for final would make the lease irrevocable.
func (b *backend) revokeAccessToken(ctx context.Context, req *logical.Request,
	_ *framework.FieldData) (*logical.Response, error) {
	lease := req.Secret.InternalData
	fingerprint, _ := lease[leaseTokenID].(string)
	hold, _ := lease[leaseIssue].(string)
	expiry, _ := lease[leaseExpiresAt].(string)
	issue, err := strconv.ParseUint(hold, 16, 64)
	expires, timeErr := time.Parse(time.RFC3339Nano, expiry)
	switch {
	case timeErr == nil && !b.options.Now().Before(expires):
		return nil, nil // the token is past its use; the ledger forgets it by itself
	case fingerprint == "":
		b.logger.Error("a lease names no token: it is given up, and its token lives until it expires")
		return nil, nil
	case err != nil:
		issue = broker.UnknownIssue
	}
	return nil, b.broker.Release(ctx, fingerprint, issue)
}

// leasesClients reports whether the role's readers get whole clients. A role that
// cannot be read is the business of who reads it next.
func (b *backend) leasesClients(ctx context.Context, s logical.Storage, name string) bool {
	r, err := b.cachedRole(ctx, s, name)
	return !errors.Is(err, store.ErrNotFound) && err == nil && r.CredentialType == clientCredentials
}

const credsHelp = `
Answers an access token of the role. The lease ends with the token at the latest
and cannot be renewed: read again. When the lease of a role with unique_tokens
ends, its token is revoked at Paxos; a shared token is revoked idle_ttl after its
last lease has ended.

A write gets less than the role gives: scopes, some of the role's; ttl, a shorter
lease. Send the token as "Authorization: Bearer <access_token>" to api_url.

If Paxos answers 401 to a token, write rejected_token_id with its token_id. If it is the
one that is issued now and Paxos rejects it, a new token is requested. If not, the same
token is returned with a warning that says why. At most one question per token and minute.
`
