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

// unverifiedWarning warns the writer of a secret that was not verified.
const unverifiedWarning = "client_secret was stored without being verified. The first read of a role will " +
	"show whether it is correct."

// A verification says how a generation is verified before it is stored.
type verification struct {
	name     string   // of the stored client; empty for the root
	scopes   []string // that the token is requested for
	holdsAll bool     // the client must have all scopes; otherwise only the secret is verified
	need     string   // says in an error who needs the scopes, with a verb
	entity   []string // profiles of the Entity that the client must belong to; empty: any Entity
	locked   bool     // the verification is allowed in a lockdown
}

// A verifiedSecret is what the verification of a generation has shown.
type verifiedSecret struct {
	profiles []string // that its token sees: they show the Entity. Empty if they could not be read
	warnings []string // for the writer of the secret
	unsigned string   // why the profiles could not be read, if it is for a signature
}

// verify verifies a generation at Paxos. It also checks that the client belongs to the right
// Entity, by the profiles that its token sees: a secret is refused if its token sees none of the
// profiles in v.entity, unless the guardrails allow other Entities. No lock may be held, because
// verify waits for Paxos.
func (b *backend) verify(ctx context.Context, session *paxosSession, c config, g generation,
	v verification) (verifiedSecret, error) {
	if !v.locked {
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
	rails, err := storedGuardrails(ctx, b.storage)
	if err != nil {
		return verifiedSecret{}, err
	}
	if seen.unsigned != "" {
		seen.warnings = append(seen.warnings, "Could not find out which Entity this client belongs to. "+seen.unsigned)
	}
	switch profiles := seen.profiles; {
	case seen.unsigned != "" && rails.RefuseUnchecked:
		return verifiedSecret{}, fault.BadRequest("Not saved: the Entity of this client could not be found out, and the "+
			"guardrails do not allow a client of an unknown Entity (allow_unchecked_clients=false). %s", seen.unsigned)
	case len(profiles) == 0 && rails.RefuseUnchecked:
		return verifiedSecret{}, fault.BadRequest("Not saved: this client sees no profiles, so its Entity is not known. The "+
			"guardrails do not allow a client of an unknown Entity (allow_unchecked_clients=false). Add %s to the client in "+
			"the Dashboard and to its scopes here.", paxos.ProfileScope)
	case !rails.IgnoreEntity && len(profiles) > 0 && len(v.entity) > 0 && !overlap(profiles, v.entity):
		return verifiedSecret{}, fault.BadRequest("Not saved: this client and the root client see no common profile, so " +
			"they belong to different Entities. One mount is for one Entity. Enable another mount for this client.")
	}
	return seen, nil
}

// tryOut requests a token and uses it to list the profiles that the client sees. Its errors say what
// to do.
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
			seen.profiles, err = session.ListProfiles(ctx, grant.Bearer())
			return err
		})
		if answer := new(paxos.Error); errors.As(err, &answer) && answer.Malformed {
			// An answer that cannot be read shows nothing, so it must not pass for a client without
			// profiles.
			return err
		}
		if refused := new(paxos.Error); errors.As(err, &refused) && refused.Signature.Certain() {
			refused.Client = v.name
			seen.unsigned = sentence(refused)
		}
		if err != nil {
			b.logger.Warn("could not find out which Entity a client belongs to", "client_id", g.ClientID, "error", err)
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
	case paxos.IsInvalidScope(err): // the secret is right, because Paxos checks it before the scopes
		return seen, nil
	case paxos.IsInvalidClient(err):
		return seen, fault.BadRequest("Not saved: Paxos rejected this client ID and secret (environment: %s). Check "+
			"both, and auth_style in config/connection, which is %s.", session.environment, refused.AuthStyle)
	}
	return seen, err
}

// refuseLacking refuses a client that lacks scopes. It names the scopes that Paxos refused, or else
// those that the latest list of credentials lacks, or else all that were requested.
func (b *backend) refuseLacking(ctx context.Context, clientID string, v verification, refused []string) error {
	list, err := b.credentialList(ctx, b.storage)
	if err != nil {
		return err
	}
	if listed := list.find(clientID); len(refused) == 0 && listed != nil {
		refused = catalog.Without(v.scopes, listed.Scopes)
	}
	return fault.BadRequest("Not saved: client %s lacks %s, which %s. Add what is missing in the Dashboard, or "+
		"request fewer scopes.", clientID, scopesAtFault(refused, v.scopes), v.need)
}
