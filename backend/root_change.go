package backend

import (
	"context"
	"errors"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/store"
)

// A rootChange is what is to take the root's place: a secret that was submitted, or a standby with the
// secret that is stored with it.
type rootChange struct {
	clientID  string
	secret    string
	standby   string // the stored client that becomes the root; empty for a submitted secret
	promoted  bool   // without sudo, so that the standby's secret and Entity must have been proved before
	scopes    []string
	holdsAll  bool
	verify    bool
	deleteOld bool // the client that was the root before is to be deleted at Paxos
}

// A changedRoot is what came of it.
type changedRoot struct {
	client
	same     bool // the secret was stored already, and nothing was changed
	warnings []string
}

// giveSecret is what config and config/rotate-root do with a secret: the first one of a mount, or a
// new one of the same client. c is the config that the mount has, or is about to have.
func (b *backend) giveSecret(ctx context.Context, req *logical.Request, d *framework.FieldData,
	c config) (changedRoot, error) {
	before, err := storedRoot(ctx, req.Storage)
	if err != nil {
		return changedRoot{}, err
	}
	known, exists := before.current()
	change := rootChange{clientID: known.ClientID, scopes: []string{c.VerifyScope}, verify: true}
	input.Patch(d, "client_id", &change.clientID)
	input.Patch(d, "client_secret", &change.secret)
	input.Patch(d, "verify_connection", &change.verify)
	switch {
	case !exists && change.clientID == "":
		return changedRoot{}, fault.BadRequest("client_id is missing: this mount has no root client yet")
	case exists && change.clientID != known.ClientID:
		return changedRoot{}, errOtherRoot(known.ClientID)
	}
	if exists {
		switch which, err := b.recognize(rootKey, before, known.ClientID, change.secret); {
		case err != nil:
			return changedRoot{}, err
		case which == olderSecret:
			return changedRoot{}, errOlderSecret
		case which == currentSecret && (known.Verified || !change.verify):
			return changedRoot{client: before, same: true}, nil
		}
	}
	return b.changeRoot(ctx, req, c, before, change)
}

// changeRoot is the only function that puts a secret or another client in the root's place:
// verified with no lock held, then stored in one write, unless what it was verified with has
// changed meanwhile.
func (b *backend) changeRoot(ctx context.Context, req *logical.Request, c config, before client,
	change rootChange) (changedRoot, error) {
	after, err := b.verifiedRoot(ctx, req.Storage, c, before, change)
	if err != nil {
		b.events.add(event{rootNotRotated,
			[]string{logical.EventMetadataPath, req.Path, logical.EventMetadataOperation, string(req.Operation)}})
		return changedRoot{}, err
	}
	g, _ := after.current()
	b.announceChange(rootRotated, req.Path, req.Operation)
	b.logger.Info("the root client has a new generation", "client_id", g.ClientID, "generation", g.Number)
	if change.standby == "" {
		return after, nil
	}
	if err := b.forgetPromoted(ctx); err != nil {
		b.logger.Warn("a promoted client is still stored under clients/: the next tick removes it", "client",
			change.standby, "error", err)
	}
	return after, nil
}

// verifiedRoot does the work of changeRoot and tells nobody.
func (b *backend) verifiedRoot(ctx context.Context, s logical.Storage, c config, before client,
	change rootChange) (changedRoot, error) {
	session, err := b.sessionWith(ctx, s, c)
	if err != nil {
		return changedRoot{}, err
	}
	next, standby, err := b.nextRoot(ctx, s, session, before, change)
	if err != nil {
		return changedRoot{}, err
	}
	result := changedRoot{warnings: []string{unverifiedWarning}}
	var profiles []string
	if change.verify {
		v := verification{scopes: change.scopes, holdsAll: change.holdsAll,
			need: "that the roles of this mount need", entity: before.Profiles, locked: !change.promoted}
		if len(v.scopes) == 0 {
			v.scopes, v.holdsAll = []string{c.VerifyScope}, false
		}
		seen, err := b.verify(ctx, session, c, next, v)
		if refused := new(paxos.Error); change.standby != "" && errors.As(err, &refused) {
			refused.Client = change.standby // it is tried as the root, but it is not the root's fault
		}
		if err != nil {
			return changedRoot{}, err
		}
		next.Verified, profiles, result.warnings = true, seen.profiles, seen.warnings
	} else if next.Verified {
		result.warnings = nil
	}
	result.client, err = b.swapRoot(ctx, s, rootSwap{change, c, session, before, next, standby, profiles})
	return result, err
}

// A rootSwap is a verified change of the root, with everything that it was verified with.
type rootSwap struct {
	rootChange
	settings config
	session  *paxosSession
	before   client
	next     generation
	from     storedClient // the standby
	profiles []string     // that the new root was seen to see; none: it could not be told
}

// nextRoot is the generation that is to be the root's, and the standby that it is taken from.
func (b *backend) nextRoot(ctx context.Context, s logical.Storage, session *paxosSession, before client,
	change rootChange) (generation, storedClient, error) {
	if change.standby != "" {
		return b.nextFromStandby(ctx, s, session, before, change)
	}
	limits, err := storedGuardrails(ctx, s)
	if err != nil {
		return generation{}, storedClient{}, err
	}
	if !change.verify && limits.RefuseUnchecked {
		return generation{}, storedClient{}, fault.Forbidden("Not saved: the guardrails " +
			"(allow_unchecked_clients=false) allow no root client whose secret was not verified. Leave out " +
			"verify_connection=false.")
	}
	if err := b.refuseStored(ctx, s, change.clientID); err != nil {
		return generation{}, storedClient{}, err
	}
	if g, ok := before.current(); ok && g.ClientID == change.clientID && g.ClientSecret.Is(change.secret) &&
		g.Connection == session.fingerprint {
		return g, storedClient{}, nil // it was stored without being verified, and is verified now
	}
	g, err := b.newGeneration(ctx, session, before, change.clientID, change.secret)
	return g, storedClient{}, err
}

// nextFromStandby is nextRoot for a standby: with its own secret, which stays bound to its own
// connection.
func (b *backend) nextFromStandby(ctx context.Context, s logical.Storage, session *paxosSession, before client,
	change rootChange) (generation, storedClient, error) {
	n, err := loadStoredClient(ctx, s, change.standby)
	if errors.Is(err, store.ErrNotFound) {
		return generation{}, n, fault.BadRequest("Not replaced: client %s is not stored under clients/.",
			input.Excerpt(change.standby))
	}
	if err != nil {
		return generation{}, n, err
	}
	needs, err := b.readiness(ctx, s, change.promoted)
	if err != nil {
		return generation{}, n, err
	}
	if why := notReady(n, before, needs, session); why != "" {
		return generation{}, n, fault.BadRequest("Not replaced: client %q %s.", change.standby, why)
	}
	g, _ := n.current()
	if !g.Verified && !change.verify {
		return generation{}, n, fault.BadRequest("Not replaced: the secret of client %q was never verified. Leave "+
			"out verify_connection=false.", change.standby)
	}
	g.Number, err = b.nextNumber(ctx, before, g.ClientID)
	return g, n, err
}

// refuseStored refuses a root that is stored under clients/: one rule for all doors, before Paxos
// is called and again when it is stored.
func (b *backend) refuseStored(ctx context.Context, s logical.Storage, clientID string) error {
	switch where, err := b.whereStored(ctx, s, clientID, rootKey); {
	case err != nil:
		return err
	case where != "":
		return fault.BadRequest("client_id is that of %s already. A client with purpose=standby becomes the root by "+
			"config/promote-standby or config/replace-root client=<name>; any other is deleted there first.", where)
	}
	return nil
}

// swapRoot stores the root in one write, if nothing that the next one was verified with has changed.
func (b *backend) swapRoot(ctx context.Context, s logical.Storage, swap rootSwap) (client, error) {
	b.writes.Lock()
	defer b.writes.Unlock()
	b.mount.all.claims.Lock()
	defer b.mount.all.claims.Unlock()
	now, err := storedRoot(ctx, s)
	if err != nil {
		return client{}, err
	}
	if now.entry() != swap.before.entry() {
		return client{}, fault.BadRequest("Not saved: the root client was written by somebody else at the same " +
			"time. Read config and write again.")
	}
	if err := b.checkSameSettings(ctx, s, swap.settings, swap.session); err != nil {
		return client{}, err
	}
	own := []string{rootKey}
	if swap.standby != "" {
		own = append(own, clientsPrefix+swap.standby)
		if err := b.checkSameStandby(ctx, s, now, swap); err != nil {
			return client{}, err
		}
	}
	if err := b.claim(ctx, s, swap.next.ClientID, false, swap.next.Verified, own...); err != nil {
		return client{}, err
	}
	after := now
	if swap.next.Number == now.last() { // the same secret, verified now
		after.Generations = after.Generations[:len(after.Generations)-1]
	}
	after = after.with(swap.next)
	if len(swap.profiles) > 0 {
		after.Profiles = swap.profiles
	}
	if swap.deleteOld {
		after.deleteWhenDrained(now)
	}
	return after, b.putRoot(ctx, s, after)
}

// checkSameStandby refuses a standby that was changed since it was read.
func (b *backend) checkSameStandby(ctx context.Context, s logical.Storage, root client, swap rootSwap) error {
	n, err := loadStoredClient(ctx, s, swap.standby)
	if store.Ignoring(err, store.ErrNotFound) != nil {
		return err
	}
	needs, err := b.readiness(ctx, s, swap.promoted)
	if err != nil {
		return err
	}
	if n.entry() != swap.from.entry() || notReady(n, root, needs, swap.session) != "" {
		return fault.BadRequest("Not replaced: client %q was changed by somebody else at the same time. Read it and "+
			"write again.", swap.standby)
	}
	return nil
}

// checkSameSettings refuses what was verified with a config or a connection that is another by now.
func (b *backend) checkSameSettings(ctx context.Context, s logical.Storage, c config, session *paxosSession) error {
	stored, err := loadConfig(ctx, s)
	if store.Ignoring(err, store.ErrNotFound) != nil {
		return err
	}
	if stored.EntryID != c.EntryID || stored.Environment != "" && stored.Environment != c.Environment {
		return fault.BadRequest("Not saved: config was deleted or made again at the same time. Read it and " +
			"write again.")
	}
	settings, err := storedConnection(ctx, s)
	if err != nil {
		return err
	}
	complete, err := settings.settings(c.Environment)
	if err != nil {
		return err
	}
	if complete.Fingerprint() != session.fingerprint {
		return fault.BadRequest("Not saved: config/connection was changed at the same time. Write again.")
	}
	return nil
}
