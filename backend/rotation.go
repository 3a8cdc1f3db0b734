package backend

import (
	"context"
	"crypto/subtle"
	"errors"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// A successor is a pair of Client ID and secret that is to become a client's next
// generation.
type successor struct {
	name     string // under which the client is stored; empty for the root
	clientID string
	secret   string
	scopes   []string // what it is proved with
	holdsAll bool     // it must hold them all; else its secret alone is proved
	need     string   // whose they are, in words
	entity   []string // profiles that tell which Entity it must be of; none: any
	verify   bool
}

// succeed returns the client with the successor as its next generation, proved
// unless that is not wanted, and what its writer is to be told. It stores nothing.
func (b *backend) succeed(ctx context.Context, link *link, c config, before client, next successor) (client, []string, error) {
	if err := errors.Join(checkClientID(next.clientID), checkClientSecret(next.secret)); err != nil {
		return client{}, nil, badRequest("%s", err)
	}
	after := before.with(generation{
		ClientID: next.clientID, ClientSecret: next.secret, Connection: link.fingerprint,
		Since: b.options.Now().UTC(), Proved: next.verify,
	})
	if !next.verify {
		return after, []string{"client_secret was stored without being verified: the first read of a role will show whether it is right"}, nil
	}
	profiles, warnings, err := b.prove(ctx, link, c, after, next)
	if err != nil {
		return client{}, nil, err
	}
	limits, err := storedGuardrails(ctx, b.storage)
	if err != nil {
		return client{}, nil, err
	}
	switch {
	case len(profiles) == 0 && limits.RefuseUnchecked:
		return client{}, nil, badRequest("client_secret was not stored: which Entity this client is of cannot be told, since it sees no profiles, and the guardrails' allow_unchecked_clients is false; give it %s in the Dashboard", profileScope)
	case len(profiles) == 0:
	case !limits.IgnoreEntity && len(next.entity) > 0 && !slices.ContainsFunc(profiles, func(id string) bool { return slices.Contains(next.entity, id) }):
		return client{}, nil, badRequest("client_secret was not stored: this client sees other profiles than the mount's root client, so it is of another Entity; one mount is one Entity")
	default:
		after.Profiles = profiles
	}
	return after, warnings, nil
}

// profileScope is what a token needs to list profiles.
const profileScope = "funding:read_profile"

// prove checks a successor with Paxos, and returns the profiles that it sees, if
// that can be told, and what its writer should know of the check. Its errors say what
// to do.
func (b *backend) prove(ctx context.Context, link *link, c config, after client, next successor) (profiles, warnings []string, err error) {
	if !b.writable() {
		return nil, nil, logical.ErrReadOnly
	}
	minter := broker.Minter{
		Client: link.Client(next.clientID, paxos.Hide(next.secret)), Name: next.name, Generation: after.last(),
		Unended:   func(cause error) { warnings = unended(cause) },
		Allowance: broker.Allowance{Mount: c.TokenBudget},
	}
	look := func(ctx context.Context, grant paxos.Grant) error {
		if !slices.Contains(next.scopes, profileScope) {
			return nil
		}
		err := b.broker.Call(ctx, minter.Client.Way(), func(ctx context.Context) (err error) {
			profiles, err = link.ListProfiles(ctx, grant.AccessToken)
			return err
		})
		if err != nil {
			b.logger.Warn("which Entity a client is of could not be told", "client_id", next.clientID, "error", err)
		}
		return nil
	}
	holds, err := b.broker.Prove(ctx, minter, next.scopes, look)
	var refused *paxos.Error
	switch {
	case errors.As(err, &refused) && refused.Code == "invalid_client":
		return nil, nil, badRequest("Not saved: Paxos rejected this client ID and secret (environment: %s). Check both, and auth_style in config/connection, which is %s.", link.environment, refused.AuthStyle)
	case err != nil:
		return nil, nil, err
	case !holds && next.holdsAll:
		return nil, nil, b.explainMissing(ctx, minter, next)
	}
	return profiles, warnings, nil
}

// explainMissing finds out which scopes a client lacks, and says so.
func (b *backend) explainMissing(ctx context.Context, minter broker.Minter, next successor) error {
	missing, suspects := bisect(next.scopes, func(scopes []string) (bool, error) {
		return b.broker.Prove(ctx, minter, scopes, nil)
	})
	text := "client_secret was not stored: client " + next.clientID + " does not hold every scope " + next.need
	if len(missing) > 0 {
		text += "; it lacks " + strings.Join(missing, ", ")
	}
	if len(suspects) > 0 {
		text += "; among these, which there were not enough token requests to tell apart, it may lack some: " + strings.Join(suspects, ", ")
	}
	return badRequest("%s. Add them in the Dashboard, or ask for less", text)
}

// storeRoot swaps the root in one write, unless somebody else has stored another
// since before was read. writes is held.
func (b *backend) storeRoot(ctx context.Context, s logical.Storage, before, after client) error {
	now, err := storedRoot(ctx, s)
	switch {
	case err != nil:
		return err
	case now.last() != before.last():
		return badRequest("client_secret was written by somebody else at the same time: read config and write again")
	}
	return b.roots.put(ctx, s, rootKey, after)
}

// storedRoot reads the root client, one without generations if there is none.
func storedRoot(ctx context.Context, s logical.Storage) (client, error) {
	root, err := load[client](ctx, s, rootKey)
	if errors.Is(err, errNotFound) {
		return client{versioned: current}, nil
	}
	return root, err
}

// same reports whether the secret is that of the generation already.
func (g generation) same(secret string) bool {
	return subtle.ConstantTimeCompare([]byte(g.ClientSecret), []byte(secret)) == 1
}
