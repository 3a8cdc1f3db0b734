package backend

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
)

// The names of the values that Vault stores with every lease of a token. They are all that the end
// of the lease needs. The values are strings, because gRPC turns numbers into floats. The names
// never change, because old leases have them.
const (
	leaseTokenID    = "token_id"
	leaseIssue      = "issue"
	leaseGeneration = "generation"
	leaseExpiresAt  = "expires_at"
)

func (b *backend) pathCreds() *framework.Path {
	return &framework.Path{
		Pattern:         "creds/" + spec.NamePattern + "$",
		HelpSynopsis:    "Issue an access token of a role, or lease one of its clients.",
		HelpDescription: credsHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos", ItemType: "Credential"},
		Fields:          issueFields(true).Fields(),
		Operations: spec.Operations{
			logical.ReadOperation: spec.Displayed(spec.OnActive(b.readCreds,
				"Issue an access token on a lease, or lease a client.", spec.Body("The credential.",
					credsAnswer())), "generate", "credentials"),
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.readCreds,
				"Issue an access token with fewer scopes or a shorter lease than the role's.",
				spec.Body("The credential.", credsAnswer())), "generate", "credentials-with-parameters"),
		},
	}
}

// credsAnswer describes the answer of creds/: an access token or a client, as the role's
// credential_type says. The fields that only one of the two has are not required.
func credsAnswer() spec.Fields {
	all := tokenAnswer(spec.Fields{
		"client_secret": {Type: framework.TypeString,
			Description:  "The Client Secret. Only of roles with credential_type=client_credentials.",
			DisplayAttrs: &framework.DisplayAttributes{Sensitive: true}},
		"scopes": {Type: framework.TypeStringSlice,
			Description: "The scopes of the client. Only of roles with credential_type=client_credentials."},
		"token_url": {Type: framework.TypeString,
			Description: "Where the client requests access tokens. Only of roles with credential_type=client_credentials."},
	})
	for _, name := range []string{"access_token", "token_type", "scope", "expires_at", "token_id"} {
		all[name].Required = false
	}
	return all
}

// tokenAnswer describes the answer that issues an access token, with these further fields.
func tokenAnswer(further spec.Fields) spec.Fields {
	all := spec.Fields{
		"access_token": {Type: framework.TypeString, Required: true, Description: "The access token.",
			DisplayAttrs: &framework.DisplayAttributes{Sensitive: true}},
		"token_type": spec.Required(framework.TypeString, "Always Bearer."),
		"scope":      spec.Required(framework.TypeString, "The scopes of the token, with spaces between them."),
		"expires_at": spec.Required(framework.TypeString, "When the token expires (RFC 3339)."),
		"client_id": spec.Required(framework.TypeString,
			"Client ID of the client that the token was requested with, or that is leased."),
		"environment": spec.Required(framework.TypeString, "production, sandbox or custom."),
		"api_url": spec.Required(framework.TypeString,
			"Address of the Paxos API, with its version."),
		"token_id": spec.Required(framework.TypeString, "Fingerprint of the token, for audit logs and lookup. Not a secret."),
	}
	for name, field := range further {
		all[name] = field
	}
	return all
}

// readCreds answers GET and POST creds/:name.
func (b *backend) readCreds(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	if b.leasesClients(ctx, req.Storage, d.Get("name").(string)) {
		return b.leaseClient(ctx, req, d)
	}
	issued, want, session, err := b.issue(ctx, req, d, true)
	if err != nil {
		return nil, err
	}
	left := issued.ExpiresAt.Sub(b.options.Now()).Truncate(time.Second)
	ttl := b.leaseTTL(want, min(want.longestLease(), left))
	if ttl <= 0 { // Vault would take 0 for its default, 32 days
		return nil, fault.New(http.StatusServiceUnavailable,
			"The token expired while it was being issued. Read again.")
	}
	resp := b.Secret(accessToken).Response(answerToken(issued, session), map[string]any{
		leaseTokenID:    issued.Fingerprint,
		leaseIssue:      strconv.FormatUint(issued.Issue, 16),
		leaseGeneration: strconv.Itoa(issued.Generation),
		leaseExpiresAt:  issued.ExpiresAt.UTC().Format(time.RFC3339Nano),
	})
	resp.Secret.TTL, resp.Secret.MaxTTL = ttl, min(want.ceiling, left)
	resp.Warnings = append(issueWarnings(issued), cutWarning(want, ttl, left)...)
	if probed, err := b.cachedProbe(ctx, req.Storage); err == nil { // an error must not fail the read
		resp.Warnings = append(resp.Warnings, probed.warnings()...)
	}
	return resp, nil
}

// leasesClients reports whether the role leases whole clients. If the role cannot be read, it
// returns false. The caller then reads the role again and reports the error.
func (b *backend) leasesClients(ctx context.Context, s logical.Storage, name string) bool {
	r, err := b.cachedRole(ctx, s, name)
	return !errors.Is(err, store.ErrNotFound) && err == nil && r.CredentialType == clientCredentials
}

// leaseClient answers a reader of creds/ whose role leases clients.
func (b *backend) leaseClient(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	if !b.writable() {
		return nil, logical.ErrReadOnly
	}
	if _, narrows := d.Raw["scopes"]; narrows {
		return nil, fault.BadRequest("scopes cannot be narrowed, because role %q leases whole clients. Leave scopes out.",
			d.Get("name"))
	}
	want, err := b.parseTokenRequest(ctx, req, d, true)
	if err != nil {
		b.countRead(ctx, req.Storage, want, broker.Issued{}, err)
		return nil, err
	}
	session, err := b.openSession(ctx, req.Storage)
	if err != nil {
		return nil, err
	}
	name, n, err := b.checkOut(ctx, req, want, session)
	if err != nil {
		b.countRead(ctx, req.Storage, want, broker.Issued{}, err)
		return nil, explain(err, want)
	}
	g, _ := n.current()
	b.usage.Note(want.name, g.ClientID, b.options.Now())
	resp := b.Secret(clientCredentials).Response(map[string]any{
		"client_id":     g.ClientID,
		"client_secret": g.ClientSecret.ForHolder(),
		"scopes":        n.Scopes,
		"token_url":     session.Endpoints().TokenURL,
		"api_url":       session.Endpoints().APIURL,
		"environment":   session.environment,
	}, map[string]any{leaseClient: name, leaseCheckout: n.Checkout.ID})
	resp.Secret.TTL, resp.Secret.MaxTTL = n.Checkout.Deadline.Sub(b.options.Now()).Truncate(time.Second),
		n.Checkout.MaximumTTL
	resp.Secret.Renewable = true
	resp.Warnings = cutWarning(want, resp.Secret.TTL, 0)
	return resp, nil
}

// answerToken returns the part of the answer that is the same for leased and unleased tokens.
func answerToken(issued broker.Issued, session *paxosSession) map[string]any {
	return map[string]any{
		"access_token": issued.AccessToken.Reveal(),
		"token_type":   "Bearer",
		"scope":        strings.Join(issued.Scopes, " "),
		"expires_at":   spec.Timestamp(issued.ExpiresAt),
		"client_id":    issued.ClientID,
		"environment":  session.environment,
		"api_url":      session.Endpoints().APIURL,
		"token_id":     issued.Fingerprint,
	}
}

// secretAccessToken returns the lease type of access tokens. It has no Renew, because Paxos cannot
// extend a token. Vault stores the name of the type with every lease, so the name never changes.
func (b *backend) secretAccessToken() *framework.Secret {
	return &framework.Secret{
		Type:   accessToken,
		Fields: spec.Fields{"access_token": {Type: framework.TypeString, Description: "The bearer token."}},
		Revoke: b.revokeAccessToken,
	}
}

// revokeAccessToken ends the lease of a token. It reads neither role nor config, which may be gone,
// and it succeeds if the token has ended already. It fails only where a retry can help, because
// Vault retries a failure several times and then marks the lease as irrevocable.
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
		return nil, nil // the token has expired, and the sweep removes its record
	case fingerprint == "":
		b.logger.Error("a lease names no token, so its token is valid until it expires")
		return nil, nil
	case err != nil:
		issue = broker.UnknownIssue
	}
	err = b.broker.Release(ctx, fingerprint, issue)
	if errors.Is(err, broker.ErrClosing) {
		return located(req.MountPoint, nil, notRevoked(err))
	}
	return nil, err
}

const credsHelp = `
Returns an access token of the role. Send it as "Authorization: Bearer <access_token>"
to api_url. The lease never lasts longer than the token, and it cannot be renewed: read
again to get a new token. If the role has credential_type=client_credentials, the
read leases one of the role's clients instead, and that lease can be renewed.

The readers of a role share a token. When its last lease has ended, the engine waits
for idle_ttl and then revokes the token. With unique_tokens, every lease has a token
of its own, which is revoked with the lease.

A write can ask for less than the role gives: scopes (some of the role's scopes) and
ttl (a shorter lease).

    vault read paxos/creds/mint
    vault write paxos/creds/mint scopes=funding:read_profile ttl=10m

If Paxos answers HTTP 401 to a token, write its token_id as rejected_token_id. If that
token is still the one that is issued, the engine asks Paxos, and issues a new token if
Paxos rejects it. Otherwise it returns the same token with a warning that says why.
The engine asks Paxos at most once a minute for each token.
`
