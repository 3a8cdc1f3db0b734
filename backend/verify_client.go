package backend

import (
	"context"
	"slices"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
)

// A verifiedClient is the outcome of verifying a write of clients/:name. It is found while no lock
// is held, and applied to the entry as it is when the write is stored.
type verifiedClient struct {
	next     *generation // a new secret, or the stored one after it was verified; nil: the secret stays as it is
	profiles []string    // that the client sees at Paxos; empty if that could not be found out
	scopesAt time.Time   // when its scopes were verified; zero if they were not
	warnings []string
}

// slow reports whether the verification may have waited for Paxos, so that the entry may have
// changed meanwhile.
func (v verifiedClient) slow() bool { return v.next != nil || !v.scopesAt.IsZero() }

// apply changes the entry by the outcome of the verification.
func (v verifiedClient) apply(n *storedClient) {
	if v.next != nil {
		if v.next.Number == n.last() { // the stored secret is verified now: it takes the place of the same generation
			n.Generations = n.Generations[:len(n.Generations)-1]
		}
		n.client = n.with(*v.next)
	}
	if len(v.profiles) > 0 {
		n.Profiles = v.profiles
	}
	if !v.scopesAt.IsZero() {
		n.ScopesSince = v.scopesAt
	}
}

// verifyWrite verifies what is new in a write of clients/:name: a secret, or scopes. before is the
// stored entry, planned is the entry as the request would make it.
func (b *backend) verifyWrite(ctx context.Context, s logical.Storage, d *framework.FieldData, name string, before,
	planned storedClient) (verifiedClient, error) {
	known, exists := before.current()
	clientID, verify := known.ClientID, true
	input.Patch(d, "client_id", &clientID)
	input.Patch(d, "verify_connection", &verify)
	secret, hasSecret := input.Given[string](d, "client_secret")
	switch {
	case !exists && (clientID == "" || secret == ""):
		return verifiedClient{}, fault.BadRequest("client_id and client_secret are required to store a client.")
	case exists && clientID != known.ClientID:
		return verifiedClient{}, fault.BadRequest("client_id cannot be changed (it is %s). Store another client "+
			"under another name.", known.ClientID)
	case !exists:
		return b.verifyNew(ctx, s, name, before, planned, clientID, secret, verify)
	}
	if hasSecret {
		which, err := b.recognize(clientsPrefix+name, before.client, clientID, secret)
		if err != nil {
			return verifiedClient{}, err
		}
		if which != currentSecret {
			return verifiedClient{}, fault.BadRequest("client_secret differs from the stored one. Store a new secret with "+
				"`vault write %sclients/%s/rotate client_secret=-`.", mountMark, name)
		}
	}
	if !verify || slices.Equal(before.Scopes, planned.Scopes) && (!hasSecret || known.Verified) {
		return verifiedClient{}, nil
	}
	return b.verifyClient(ctx, s, name, planned, known)
}

// verifyNew binds the first secret of a client to the connection, and verifies it if verify is
// true.
func (b *backend) verifyNew(ctx context.Context, s logical.Storage, name string, before, planned storedClient,
	clientID, secret string, verify bool) (verifiedClient, error) {
	c, err := b.cachedConfig(ctx, s)
	if err != nil {
		return verifiedClient{}, notConfigured(err)
	}
	session, err := b.sessionWith(ctx, s, c)
	if err != nil {
		return verifiedClient{}, err
	}
	next, err := b.newGeneration(ctx, session, before.client, clientID, secret)
	if err != nil {
		return verifiedClient{}, err
	}
	if !verify {
		return verifiedClient{next: &next, warnings: b.unverifiedWarnings(ctx, s)}, nil
	}
	return b.verifyClient(ctx, s, name, planned, next)
}

// unverifiedWarnings warn the writer of a secret that was not verified.
func (b *backend) unverifiedWarnings(ctx context.Context, s logical.Storage) []string {
	warnings := []string{unverifiedWarning}
	if rails, err := storedGuardrails(ctx, s); err == nil && rails.RefuseUnchecked {
		warnings = append(warnings,
			"The guardrails (allow_unchecked_clients=false) do not allow the use of a client whose secret was not verified.")
	}
	return warnings
}

// verifyClient verifies a generation of a client with one token request for all its scopes.
func (b *backend) verifyClient(ctx context.Context, s logical.Storage, name string, planned storedClient,
	g generation) (verifiedClient, error) {
	c, err := b.cachedConfig(ctx, s)
	if err != nil {
		return verifiedClient{}, notConfigured(err)
	}
	session, err := b.sessionWith(ctx, s, c)
	if err != nil {
		return verifiedClient{}, err
	}
	root, err := storedRoot(ctx, s)
	if err != nil {
		return verifiedClient{}, err
	}
	v := verification{name: name, scopes: planned.Scopes, holdsAll: true, need: "scopes names",
		entity: root.Profiles}
	now := b.options.Now().UTC()
	seen, err := b.verify(ctx, session, c, g, v)
	if err != nil {
		return verifiedClient{}, err
	}
	result := verifiedClient{profiles: seen.profiles, warnings: seen.warnings, scopesAt: now}
	if !g.Verified {
		g.Verified = true
		result.next = &g
	}
	return result, nil
}
