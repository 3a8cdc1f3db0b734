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

// A rootChange says what becomes the root: a client with a submitted secret, or a stored standby
// with its stored secret.
type rootChange struct {
	clientID  string
	secret    string
	standby   string   // the stored client that becomes the root; empty for a submitted secret
	promoted  bool     // without sudo, so the standby's secret and Entity must have been shown to be right earlier
	scopes    []string // that the secret is verified with
	holdsAll  bool     // the client must hold all scopes; otherwise only the secret is verified
	verify    bool     // the secret is verified at all
	deleteOld bool     // the client that was the root before is to be deleted at Paxos
}

// A changedRoot is the root client after a change.
type changedRoot struct {
	client
	same     bool // the secret was stored already, and nothing was changed
	warnings []string
}

// A rootSwap is a verified change of the root, with everything that it was verified with.
type rootSwap struct {
	rootChange
	settings config
	session  *paxosSession
	before   client
	next     generation
	from     storedClient // the standby as it was read; empty for a submitted secret
	profiles []string     // that the new root sees at Paxos; empty if that could not be found out
}

// giveSecret stores a secret of the root client: the first one of a mount, or a new one of the same
// client. config and config/rotate-root use it. c is the config that the mount has or is about to
// have.
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
		return changedRoot{}, fault.BadRequest("client_id is required, because this mount has no root client yet.")
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

// changeRoot changes the root client. No other function may do that. The secret is verified while
// no lock is held, because that waits for Paxos. Then the root is stored in one write, but only if
// nothing has changed that the secret was verified with.
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
	if change.standby != "" {
		if err := b.forgetPromoted(ctx); err != nil {
			b.logger.Warn("a promoted client is still stored under clients/; retrying within a minute to remove it", "client",
				change.standby, "error", err)
		}
	}
	if was, _ := before.current(); was.ClientID != g.ClientID {
		after.warnings = append(after.warnings, b.keysWithoutID(ctx, req.Storage, g.ClientID, change.standby)...)
	}
	return after, nil
}

// verifiedRoot does the work of changeRoot, without log and events.
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
			need: "the roles of this mount need", entity: before.Profiles, locked: !change.promoted}
		if len(v.scopes) == 0 {
			v.scopes, v.holdsAll = []string{c.VerifyScope}, false
		}
		seen, err := b.verify(ctx, session, c, next, v)
		if refused := new(paxos.Error); change.standby != "" && errors.As(err, &refused) {
			// The standby is verified as if it were the root. The error must name the standby, or
			// it would send operators to the root client.
			refused.Client = change.standby
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

// nextRoot returns the generation that is to become the current one of the root, and the standby
// that it comes from, if any.
func (b *backend) nextRoot(ctx context.Context, s logical.Storage, session *paxosSession, before client,
	change rootChange) (generation, storedClient, error) {
	if change.standby != "" {
		return b.nextFromStandby(ctx, s, session, before, change)
	}
	rails, err := storedGuardrails(ctx, s)
	if err != nil {
		return generation{}, storedClient{}, err
	}
	if !change.verify && rails.RefuseUnchecked {
		return generation{}, storedClient{}, fault.Forbidden("Not saved: the guardrails " +
			"(allow_unchecked_clients=false) do not allow a root client whose secret was not verified. Leave out " +
			"verify_connection=false.")
	}
	if err := b.refuseStored(ctx, s, change.clientID); err != nil {
		return generation{}, storedClient{}, err
	}
	if g, ok := before.current(); ok && g.ClientID == change.clientID && g.ClientSecret.Is(change.secret) &&
		g.Connection == session.fingerprint {
		return g, storedClient{}, nil // the stored secret was not verified before, and is verified now
	}
	g, err := b.newGeneration(ctx, session, before, change.clientID, change.secret)
	return g, storedClient{}, err
}

// nextFromStandby is nextRoot for a standby. The generation keeps its stored secret, which stays
// bound to the connection that it was stored for.
func (b *backend) nextFromStandby(ctx context.Context, s logical.Storage, session *paxosSession, before client,
	change rootChange) (generation, storedClient, error) {
	n, err := loadStoredClient(ctx, s, change.standby)
	if errors.Is(err, store.ErrNotFound) {
		return generation{}, n, noSuchClient(change.standby)
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

// refuseStored refuses a submitted secret for the root if its client is stored under clients/. It
// does so before Paxos is asked. claim makes sure of the same when the root is stored.
func (b *backend) refuseStored(ctx context.Context, s logical.Storage, clientID string) error {
	switch where, err := b.whereStored(ctx, s, clientID, rootKey); {
	case err != nil:
		return err
	case where != "":
		return fault.BadRequest("client_id is already stored as %s. A client with purpose=standby becomes the root "+
			"client with `vault write %sconfig/replace-root client=<name>`. Delete any other client first.", where,
			mountMark)
	}
	return nil
}

// swapRoot stores the changed root in one write. It refuses if something has changed that the new
// root was verified with.
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
	if swap.next.Number == now.last() { // the stored secret is verified now: it takes the place of the same generation
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

// checkSameStandby refuses a standby that was changed or is no longer ready since it was read.
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

// checkSameSettings refuses a secret that was verified with another config or connection than the
// stored one.
func (b *backend) checkSameSettings(ctx context.Context, s logical.Storage, c config, session *paxosSession) error {
	stored, err := loadConfig(ctx, s)
	if store.Ignoring(err, store.ErrNotFound) != nil {
		return err
	}
	if stored.EntryID != c.EntryID || stored.Environment != "" && stored.Environment != c.Environment {
		return fault.BadRequest("Not saved: config was deleted or created again at the same time. Read it and " +
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
