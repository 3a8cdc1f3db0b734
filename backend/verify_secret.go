package backend

import (
	"context"
	"errors"
	"slices"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// A verification says with what a generation is tried before it is stored.
type verification struct {
	name     string   // under which the client is stored; empty for the root
	scopes   []string // that a token is requested for
	holdsAll bool     // it must hold them all; else the secret alone is verified
	need     string   // whose they are, in words
	entity   []string // profiles that tell which Entity it must be of; none: any
	locked   bool     // it may be verified in a lockdown
}

// unverifiedWarning is what the writer of a secret is told that was not verified.
const unverifiedWarning = "client_secret was stored without being verified: the first read of a role will " +
	"show whether it is right"

// A verifiedSecret is what the verification of a generation has shown.
type verifiedSecret struct {
	profiles []string // that its token sees, by which its Entity is known; none if they cannot be told
	warnings []string // for the writer of the secret
}

// verify tries a generation with Paxos, and judges by the profiles that its token sees which Entity
// it is of.
func (b *backend) verify(ctx context.Context, session *paxosSession, c config, g generation,
	v verification) (verifiedSecret, error) {
	if !v.locked { // of all secrets only the root's is verified in a lockdown
		if err := checkStoredLockdown(ctx, b.storage); err != nil {
			return verifiedSecret{}, err
		}
	}
	seen, err := b.tryOut(ctx, session, c, g, v)
	if err != nil {
		key := rootKey
		if v.name != "" {
			key = clientsPrefix + v.name
		}
		b.secrets.pauses.note(key, err, b.options.Now())
		return verifiedSecret{}, err
	}
	limits, err := storedGuardrails(ctx, b.storage)
	if err != nil {
		return verifiedSecret{}, err
	}
	switch profiles := seen.profiles; {
	case len(profiles) == 0 && limits.RefuseUnchecked:
		return verifiedSecret{}, fault.BadRequest("client_secret was not stored: which Entity this client is of "+
			"cannot be told, since it sees no profiles, and the guardrails' allow_unchecked_clients is false; "+
			"give it %s in the Dashboard", paxos.ProfileScope)
	case !limits.IgnoreEntity && len(profiles) > 0 && len(v.entity) > 0 && !overlap(profiles, v.entity):
		return verifiedSecret{}, fault.BadRequest("client_secret was not stored: this client sees other profiles " +
			"than the mount's root client, so it is of another Entity; one mount is one Entity")
	}
	return seen, nil
}

// tryOut requests a token, and looks with it at the profiles that the client sees. Its errors say
// what to do.
func (b *backend) tryOut(ctx context.Context, session *paxosSession, c config, g generation,
	v verification) (seen verifiedSecret, err error) {
	if !b.writable() {
		return seen, logical.ErrReadOnly
	}
	minter, err := session.minterFor(v.name, g, c)
	if err != nil {
		return seen, err
	}
	minter.Unended = func(cause error) { seen.warnings = unended(cause) }
	look := func(ctx context.Context, grant paxos.Grant) error {
		if !slices.Contains(v.scopes, paxos.ProfileScope) {
			return nil
		}
		err := b.broker.Call(ctx, minter.Client.Route(), func(ctx context.Context) (err error) {
			seen.profiles, err = session.ListProfiles(ctx, grant.AccessToken)
			return err
		})
		if answer := new(paxos.Error); errors.As(err, &answer) && answer.Malformed {
			return err // it proves nothing, least of all that the client is of this Entity
		}
		if err != nil {
			b.logger.Warn("which Entity a client is of could not be told", "client_id", g.ClientID, "error", err)
		}
		return nil
	}
	err = b.broker.VerifySecret(ctx, minter, v.scopes, look)
	var refused *paxos.Error
	switch {
	case !errors.As(err, &refused):
		return seen, err
	case paxos.IsInvalidScope(err) && v.holdsAll:
		return seen, b.refuseLacking(ctx, minter.Client.ID(), v, refused.Scopes)
	case paxos.IsInvalidScope(err): // Paxos looks at the secret first, so it is right
		return seen, nil
	case paxos.IsInvalidClient(err):
		return seen, fault.BadRequest("Not saved: Paxos rejected this client ID and secret (environment: %s). Check "+
			"both, and auth_style in config/connection, which is %s.", session.environment, refused.AuthStyle)
	}
	return seen, err
}

// refuseLacking refuses a client that lacks scopes. It names those that Paxos refused, else those that
// the latest list of credentials does not have, else all that were requested.
func (b *backend) refuseLacking(ctx context.Context, clientID string, v verification, refused []string) error {
	list, err := b.credentialList(ctx, b.storage)
	if err != nil {
		return err
	}
	if listed := list.find(clientID); len(refused) == 0 && listed != nil {
		refused = catalog.Without(v.scopes, listed.Scopes)
	}
	return fault.BadRequest("client_secret was not stored: client %s does not hold every scope %s; it lacks %s. Add "+
		"them in the Dashboard, or ask for less", clientID, v.need, scopesAtFault(refused, v.scopes))
}
