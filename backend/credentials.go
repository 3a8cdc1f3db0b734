package backend

import (
	"context"
	"errors"
	"slices"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// credentials are Paxos's list of the Entity's credentials, requested with a token of the root
// client, and the means to ask Paxos for single ones. A credential that is in the list exists at
// Paxos. A credential that is not in it is known to be gone only if the list is whole: see whole
// and ask.
type credentials struct {
	all      []paxos.Credential
	listedAt time.Time                // a time just before Paxos was asked
	rootID   string                   // Client ID of the root client, which asked
	stored   map[string]entryIdentity // the entries under clients/ before Paxos was asked, by name
	session  *paxosSession
	route    string
	bearer   paxos.Bearer
	paced    paxos.Pacer
}

// errListWithoutRoot reports a list that lacks the root client, which asked for it. Such a list is
// incomplete, so nothing follows from what is missing in it.
var errListWithoutRoot = &paxos.Error{
	Doing: "listing API credentials", Reason: "the list lacks the root client that requested it, so it " +
		"is incomplete", Malformed: true,
}

// errOtherEntity reports a list of another Entity than the mount's, which says nothing about the
// mount's clients.
var errOtherEntity = &paxos.Error{
	Doing: "listing API credentials", Reason: "the list belongs to another Entity than this mount, which " +
		"config/guardrails does not allow (require_entity_match)", Malformed: true,
}

// withCredentials requests a token with these scopes for the root client and asks Paxos for its
// list of the Entity's credentials. It calls use with the list and the token, and ends the token
// when use returns. It refuses a list of another Entity than the mount's, unless the guardrails
// allow that. A list that cannot be used is logged.
func (b *backend) withCredentials(ctx context.Context, scopes []string,
	use func(context.Context, *credentials) error) error {
	defer b.broker.Hold()() // so that the root client is kept while its token is valid
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
	fromPaxos := &credentials{session: session, route: minter.Client.Route(), rootID: minter.Client.ID()}
	fromPaxos.paced = func(ctx context.Context, call func(context.Context) error) error {
		return b.broker.Call(ctx, fromPaxos.route, call)
	}
	known, err := b.credentialList(ctx, b.storage)
	if err != nil {
		return err
	}
	rails, err := storedGuardrails(ctx, b.storage)
	if err != nil {
		return err
	}
	if fromPaxos.stored, err = storedEntries(ctx, b.storage); err != nil {
		return err
	}
	err = b.broker.Manage(ctx, minter, scopes, func(ctx context.Context, grant paxos.Grant) error {
		fromPaxos.bearer, fromPaxos.listedAt = grant.Bearer(), b.options.Now().UTC()
		all, err := session.ListCredentials(ctx, fromPaxos.bearer, fromPaxos.paced)
		if err != nil {
			return err
		}
		fromPaxos.all = all
		if entity := fromPaxos.entity(); entity != "" && known.Customer != "" && entity != known.Customer &&
			!rails.IgnoreEntity {
			return errOtherEntity
		}
		return use(ctx, fromPaxos)
	})
	var answer *paxos.Error
	malformed := errors.As(err, &answer) && answer.Malformed
	if malformed || fromPaxos.all != nil {
		b.signals.see(listFails, "", malformed || !fromPaxos.whole(), "credentials", len(fromPaxos.all))
	}
	return err
}

// of finds the credential with a Client ID in the list. It does not ask Paxos: see find.
func (c *credentials) of(clientID string) (paxos.Credential, bool) {
	return credentialOf(c.all, clientID)
}

// credentialOf finds the credential with a Client ID in a list.
func credentialOf(all []paxos.Credential, clientID string) (paxos.Credential, bool) {
	i := slices.IndexFunc(all, func(c paxos.Credential) bool { return c.ClientID == clientID })
	if i < 0 {
		return paxos.Credential{}, false
	}
	return all[i], true
}

// whole reports whether the list has the root client itself. Only then does it prove that a
// credential that it lacks may be gone.
func (c *credentials) whole() bool {
	_, ok := c.of(c.rootID)
	return ok
}

// entity returns the Entity of the root client as the list shows it, or "" if the list does not
// say.
func (c *credentials) entity() string {
	root, _ := c.of(c.rootID)
	return root.CustomerID
}

// ask asks Paxos for these Client IDs, whatever their status, and returns the credentials that it
// has. The list alone is not enough to conclude that a client is gone, because it may leave some
// out. Each question names the root client too. If an answer lacks it, or is of another Entity, ask
// fails, because that answer proves nothing.
func (c *credentials) ask(ctx context.Context, clientIDs []string) ([]paxos.Credential, error) {
	var all []paxos.Credential
	for _, chunk := range questions(clientIDs) {
		found, err := c.session.FindCredentials(ctx, c.bearer, c.paced, append(chunk, c.rootID)...)
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

// find returns the credential with a Client ID: from the list, or else by asking Paxos for it. ok
// is false only if Paxos is shown not to have it.
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

// mostAskedBytes is how long the Client IDs of one question may be together. They are part of the path,
// which must not be too long to be signed (see signing.NewRequest).
const mostAskedBytes = 5 << 10

// questions divides Client IDs into as many as one call may ask for beside the root client.
func questions(clientIDs []string) (all [][]string) {
	const perID = len("&client_ids=")
	size := 0
	for _, id := range clientIDs {
		size += len(id) + perID
		last := len(all) - 1
		if last < 0 || size > mostAskedBytes || len(all[last]) == paxos.MaximumClientIDs-1 {
			all, size = append(all, nil), len(id)+perID
			last++
		}
		all[last] = append(all[last], id)
	}
	return all
}
