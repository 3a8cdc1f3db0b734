package backend

import (
	"context"
	"errors"
	"slices"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// credentials are a list of what the Entity has at Paxos, made with a token of the root, and the
// means to ask further. What is in the list is there; what is not in it proves something only where
// the list has the root itself.
type credentials struct {
	all      []paxos.Credential
	listedAt time.Time                // before Paxos was asked
	rootID   string                   // the client that asked
	stored   map[string]entryIdentity // the entries under clients/ from before it was asked, by name
	session  *paxosSession
	route    string
	bearer   paxos.Secret
	paced    paxos.Pacer
}

// of finds the credential of a Client ID.
func (c *credentials) of(clientID string) (paxos.Credential, bool) {
	return credentialOf(c.all, clientID)
}

// credentialOf finds it in a list.
func credentialOf(all []paxos.Credential, clientID string) (paxos.Credential, bool) {
	i := slices.IndexFunc(all, func(c paxos.Credential) bool { return c.ClientID == clientID })
	if i < 0 {
		return paxos.Credential{}, false
	}
	return all[i], true
}

// errListWithoutRoot reports a list that does not have the client that asked for it.
var errListWithoutRoot = &paxos.Error{
	Doing: "listing API credentials", Reason: "the list does not have the root client, which asked for it, so " +
		"nothing follows from what it lacks", Malformed: true,
}

// whole reports whether the list has the root, so that absence from it proves something.
func (c *credentials) whole() bool {
	_, ok := c.of(c.rootID)
	return ok
}

// entity is the mount's as the list shows it, empty if the list does not tell.
func (c *credentials) entity() string {
	root, _ := c.of(c.rootID)
	return root.CustomerID
}

// ask asks after Client IDs one by one, in all states, and returns those that Paxos has. It fails
// unless each answer has the root, which is asked after with them, and is of the list's Entity.
func (c *credentials) ask(ctx context.Context, clientIDs []string) ([]paxos.Credential, error) {
	var all []paxos.Credential
	for some := range slices.Chunk(clientIDs, paxos.MaximumClientIDs-1) {
		found, err := c.session.FindCredentials(ctx, c.bearer, c.paced, append(slices.Clone(some), c.rootID)...)
		if err != nil {
			return nil, err
		}
		root, ok := credentialOf(found, c.rootID)
		if !ok {
			return nil, errListWithoutRoot
		}
		if entity := c.entity(); entity != "" && root.CustomerID != "" && root.CustomerID != entity {
			return nil, errOtherEntity
		}
		all = append(all, found...)
	}
	return all, nil
}

// errOtherEntity reports a list of another Entity than the mount's.
var errOtherEntity = &paxos.Error{
	Doing: "listing API credentials", Reason: "the list is of another Entity than this mount's, so it proves " +
		"nothing (require_entity_match=false in config/guardrails lets the mount be of another)", Malformed: true,
}

// find is the credential of a Client ID: from the list, else asked after by its id. ok is false if
// Paxos is proved not to have it.
func (c *credentials) find(ctx context.Context, clientID string) (found paxos.Credential, ok bool, err error) {
	if found, ok := c.of(clientID); ok {
		return found, true, nil
	}
	asked, err := c.ask(ctx, []string{clientID})
	if err != nil {
		return found, false, err
	}
	found, ok = credentialOf(asked, clientID)
	return found, ok, nil
}

// withCredentials gives use a list of all credentials of the Entity, and a token of the root with these
// scopes, which lives until use returns.
func (b *backend) withCredentials(ctx context.Context, scopes []string,
	use func(context.Context, *credentials) error) error {
	defer b.broker.Hold()()
	root, err := storedRoot(ctx, b.storage)
	if err != nil {
		return err
	}
	session, err := b.openSession(ctx, b.storage)
	if err != nil {
		return err
	}
	minter, err := b.minter(ctx, "", root)
	if err != nil {
		return err
	}
	at := &credentials{session: session, route: minter.Client.Route(), rootID: minter.Client.ID()}
	at.paced = func(ctx context.Context, call func(context.Context) error) error {
		return b.broker.Call(ctx, at.route, call)
	}
	seen, err := b.credentialList(ctx, b.storage)
	if err != nil {
		return err
	}
	limits, err := storedGuardrails(ctx, b.storage)
	if err != nil {
		return err
	}
	if at.stored, err = storedEntries(ctx, b.storage); err != nil {
		return err
	}
	err = b.broker.Manage(ctx, minter, scopes, func(ctx context.Context, grant paxos.Grant) error {
		at.bearer, at.listedAt = grant.AccessToken, b.options.Now().UTC()
		all, err := session.ListCredentials(ctx, grant.AccessToken, at.paced)
		if err != nil {
			return err
		}
		at.all = all
		if entity := at.entity(); entity != "" && seen.Customer != "" && entity != seen.Customer &&
			!limits.IgnoreEntity {
			return errOtherEntity
		}
		return use(ctx, at)
	})
	var answer *paxos.Error
	malformed := errors.As(err, &answer) && answer.Malformed
	if malformed || at.all != nil {
		b.signals.see(listFails, "", malformed || !at.whole(), "credentials", len(at.all))
	}
	return err
}
