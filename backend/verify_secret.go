package backend

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
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
		err := b.broker.Call(ctx, minter.Client.Way(), func(ctx context.Context) (err error) {
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
	holds, err := b.broker.Prove(ctx, minter, v.scopes, look)
	var refused *paxos.Error
	switch {
	case errors.As(err, &refused) && refused.Code == "invalid_client":
		return seen, fault.BadRequest("Not saved: Paxos rejected this client ID and secret (environment: %s). Check "+
			"both, and auth_style in config/connection, which is %s.", session.environment, refused.AuthStyle)
	case err != nil:
		return seen, err
	case !holds && v.holdsAll:
		return seen, b.explainMissing(ctx, minter, v)
	}
	return seen, nil
}

// explainMissing finds out which scopes a client lacks, and says so.
func (b *backend) explainMissing(ctx context.Context, minter broker.Minter, v verification) error {
	missing, suspects := bisect(v.scopes, func(scopes []string) (bool, error) {
		return b.broker.Prove(ctx, minter, scopes, nil)
	})
	text := "client_secret was not stored: client " + minter.Client.ID() + " does not hold every scope " + v.need
	if len(missing) > 0 {
		text += "; it lacks " + strings.Join(missing, ", ")
	}
	if len(suspects) > 0 {
		text += "; among these, which there were not enough token requests to tell apart, it may lack some: " +
			strings.Join(suspects, ", ")
	}
	return fault.BadRequest("%s. Add them in the Dashboard, or ask for less", text)
}

// mostQuestions is how many token requests finding the missing scopes may cost.
const mostQuestions = 8

// bisect finds which of the scopes, of which at least one is missing, a client
// lacks, by asking for some of them at a time. missing are those that it lacks for
// certain; suspects those of which some may be, when the questions ran out or could
// not be answered.
func bisect(scopes []string, holds func([]string) (bool, error)) (missing, suspects []string) {
	questions := mostQuestions
	ask := func(some []string) (held, known bool) {
		if questions == 0 {
			return false, false
		}
		questions--
		held, err := holds(some)
		if err != nil {
			questions = 0
		}
		return held, err == nil
	}
	guilty := [][]string{scopes} // each lacks at least one
	var unknown [][]string       // each may
	for len(guilty)+len(unknown) > 0 {
		if len(guilty) == 0 {
			some := unknown[0]
			unknown = unknown[1:]
			switch held, known := ask(some); {
			case !known:
				suspects = append(suspects, some...)
			case !held:
				guilty = append(guilty, some)
			}
			continue
		}
		some := guilty[0]
		guilty = guilty[1:]
		if len(some) == 1 {
			missing = append(missing, some[0])
			continue
		}
		half, rest := some[:len(some)/2], some[len(some)/2:]
		switch held, known := ask(half); {
		case !known:
			suspects = append(suspects, some...)
		case held:
			guilty = append(guilty, rest)
		default:
			guilty, unknown = append(guilty, half), append(unknown, rest)
		}
	}
	return missing, suspects
}
