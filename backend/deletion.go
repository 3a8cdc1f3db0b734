package backend

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/store"
)

// deletions are the clients that the engine has deleted at Paxos in the last day, or
// tried to. They are on record before Paxos is asked.
type deletions struct {
	store.Versioned
	Sent []deletion `json:"sent"`
}

// A deletion is one of them.
type deletion struct {
	Role     string    `json:"role"` // empty for an old root
	ClientID string    `json:"client_id"`
	At       time.Time `json:"at"`
}

// deletionWindow is what delete_limit counts in.
const deletionWindow = 24 * time.Hour

// deleteAll deletes at Paxos those of the clients that may be deleted.
func (b *backend) deleteAll(ctx context.Context, names []string, at *credentials) error {
	var err error
	for _, name := range names {
		err = errors.Join(err, b.deleteOne(ctx, name, at))
	}
	return err
}

// deleteOne deletes a client at Paxos and in Vault, or puts it in quarantine if one of
// the rules forbids that. What Paxos cannot take now is tried again.
func (b *backend) deleteOne(ctx context.Context, name string, at *credentials) error {
	n, err := loadStoredClient(ctx, b.storage, name)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	case n.State != stateRevoking || n.Checkout == nil:
		return nil
	}
	g, _ := n.current()
	result, err := b.deleteAtPaxos(ctx, at,
		pendingDeletion{generation: g, key: clientsPrefix + name, role: n.Checkout.Role,
			limit: n.Checkout.DeleteLimit, lease: n.Purpose == purposeLease})
	switch {
	case err != nil:
		return err
	case result.missing:
		return b.loseUndeleted(ctx, name, n)
	case result.forbidden != "":
		return b.quarantineUndeleted(ctx, name, n, result.forbidden)
	}
	return b.forgetDeleted(ctx, name, n)
}

// A pendingDeletion is a credential that is to be deleted at Paxos.
type pendingDeletion struct {
	generation
	key   string // where it is stored here
	role  string // whose delete_limit counts; empty for an old root
	limit int
	lease bool // it is a client for leasing; else it was the root
}

// A deletionResult is what came of it: deleted, unless one of these is set.
type deletionResult struct {
	forbidden string // why it was not, and will not be
	missing   bool   // Paxos has no such credential, and none was asked to be deleted
}

// deleteAtPaxos is the only function that sends a DELETE. It reads the credential from Paxos just
// before and asks every rule. A credential counts as deleted by a DELETE's 200, by its 404 if Paxos
// then shows it disabled or not at all when asked after by its id, or because it is listed as
// disabled.
func (b *backend) deleteAtPaxos(ctx context.Context, at *credentials,
	c pendingDeletion) (result deletionResult, err error) {
	found, exists, err := at.find(ctx, c.ClientID)
	if err != nil {
		return result, err
	}
	if exists && found.Status == paxos.StatusDisabled { // perhaps by a request whose answer was lost
		return result, nil
	}
	log, err := b.storedDeletions(ctx)
	if err != nil {
		return result, err
	}
	if !exists && !log.has(c.ClientID) {
		return deletionResult{missing: true}, nil
	}
	if exists { // else it passed the rules when the deletion was sent whose answer was lost
		if result.forbidden, err = b.forbidsDeletion(ctx, at, c, found); err != nil || result.forbidden != "" {
			return result, err
		}
	}
	if result.forbidden, err = b.reserveDeletion(ctx, c.role, c.ClientID, c.limit); err != nil ||
		result.forbidden != "" {
		return result, err
	}
	result.forbidden, err = b.sendDeletion(ctx, at, c.ClientID)
	return result, err
}

// sendDeletion sends it. It says why Paxos will not do it, or fails if it may do it later.
func (b *backend) sendDeletion(ctx context.Context, at *credentials, clientID string) (why string, err error) {
	err = b.broker.Call(ctx, at.way, func(ctx context.Context) error {
		return at.session.DeleteCredential(ctx, at.bearer, clientID)
	})
	var answer *paxos.Error
	switch {
	case err == nil:
		return "", nil
	case errors.As(err, &answer) && answer.Status == http.StatusNotFound:
		found, err := at.ask(ctx, []string{clientID})
		if err != nil {
			return "", err
		}
		if c, exists := credentialOf(found, clientID); exists && c.Status != paxos.StatusDisabled {
			return "Paxos answered that it does not exist (HTTP 404), but lists it", nil
		}
		return "", nil
	case errors.As(err, &answer) && answer.Status >= 400 && !answer.Temporary() && !answer.Throttled():
		return "Paxos refused the deletion: " + answer.Error(), nil
	}
	return "", err
}

// forbidsDeletion says which of the rules forbids to delete a credential, which was
// read from Paxos just before, nothing if none does.
func (b *backend) forbidsDeletion(ctx context.Context, at *credentials, c pendingDeletion,
	found paxos.Credential) (string, error) {
	limits, err := storedGuardrails(ctx, b.storage)
	if err != nil {
		return "", err
	}
	root, err := storedRoot(ctx, b.storage)
	if err != nil {
		return "", err
	}
	session, err := b.openSession(ctx, b.storage)
	if err != nil {
		return "", err
	}
	seen, err := b.credentialList(ctx, b.storage)
	if err != nil {
		return "", err
	}
	entity := cmp.Or(seen.Customer, at.entity())
	switch now, _ := root.current(); {
	case now.ClientID == c.ClientID || c.lease && root.has(c.ClientID):
		return "it is, or was, the root client", nil
	case c.key != rootKey && !c.lease:
		return "it is not for leasing", nil
	case !c.Verified:
		return "its secret was never verified, so it may be another's", nil
	case c.Connection != session.fingerprint:
		return "it was stored for another connection", nil
	case entity != "" && found.CustomerID != "" && found.CustomerID != entity:
		return "it is of another Entity", nil
	case !limits.deletable(found.Label):
		return fmt.Sprintf("its Label at Paxos does not begin with %q", limits.deletablePrefix()), nil
	}
	use, err := b.usedElsewhere(ctx, c.key, c.ClientID)
	if err != nil {
		return "", fmt.Errorf("asking whether client %s is needed elsewhere: %w", c.ClientID, err)
	}
	return use, nil
}

// reserveDeletion records that a client is about to be deleted, or says that there
// were enough of that role in a day.
func (b *backend) reserveDeletion(ctx context.Context, role, clientID string, limit int) (why string, err error) {
	b.writes.Lock()
	defer b.writes.Unlock()
	log, err := b.storedDeletions(ctx)
	if err != nil {
		return "", err
	}
	counted, why := log.allow(role, clientID, limit)
	if counted || why != "" {
		return why, nil
	}
	log.Versioned = store.Current
	log.Sent = append(log.Sent, deletion{role, clientID, b.options.Now().UTC()})
	return "", store.Put(ctx, b.storage, deletionsKey, log)
}

// storedDeletions are those of the last day.
func (b *backend) storedDeletions(ctx context.Context) (deletions, error) {
	log, err := store.Load[deletions](ctx, b.storage, deletionsKey)
	now := b.options.Now()
	log.Sent = slices.DeleteFunc(log.Sent, func(d deletion) bool { return now.Sub(d.At) >= deletionWindow })
	return log, store.Ignoring(err, store.ErrNotFound)
}

// has reports whether the deletion of a client was sent in the last day.
func (d deletions) has(clientID string) bool {
	return slices.ContainsFunc(d.Sent, func(sent deletion) bool { return sent.ClientID == clientID })
}

// allow says why a client may not be deleted, nothing if it may, and whether its
// deletion was counted before: then it counts once.
func (d deletions) allow(role, clientID string, limit int) (counted bool, why string) {
	count := 0
	for _, sent := range d.Sent {
		if sent.ClientID == clientID {
			return true, ""
		}
		if sent.Role == role {
			count++
		}
	}
	if count >= limit {
		return false, fmt.Sprintf("%d clients of role %q were deleted in a day, which is its delete_limit", count, role)
	}
	return false, ""
}

// withinLimit puts the clients in quarantine that delete_limit keeps from being
// deleted, which needs no token, and returns the rest.
func (b *backend) withinLimit(ctx context.Context, names []string) (rest []string, err error) {
	log, err := b.storedDeletions(ctx)
	for _, name := range names {
		n, loadErr := loadStoredClient(ctx, b.storage, name)
		if err = errors.Join(err, store.Ignoring(loadErr, store.ErrNotFound)); err != nil {
			return nil, err
		}
		g, _ := n.current()
		if n.Checkout == nil {
			continue
		}
		if _, why := log.allow(n.Checkout.Role, g.ClientID, n.Checkout.DeleteLimit); why != "" {
			err = b.quarantineUndeleted(ctx, name, n, why)
			continue
		}
		rest = append(rest, name)
	}
	return rest, err
}

// forgetDeleted deletes a client in Vault that is deleted at Paxos.
func (b *backend) forgetDeleted(ctx context.Context, name string, before storedClient) error {
	b.writes.Lock()
	defer b.writes.Unlock()
	n, due, err := b.stillDue(ctx, name, before)
	if err != nil || !due {
		return err
	}
	if err := b.removeStoredClient(ctx, b.storage, name, n); err != nil {
		return err
	}
	g, _ := n.current()
	b.logger.Info("a client was deleted at Paxos after its lease", "client", name, "client_id", g.ClientID)
	b.announceClient(clientDeletedAtPaxos, name, n, "")
	return nil
}

// loseUndeleted keeps a client that was to be deleted and that Paxos does not list, although nobody
// asked it to delete it. If it is listed again, it is to be deleted again.
func (b *backend) loseUndeleted(ctx context.Context, name string, before storedClient) error {
	b.writes.Lock()
	defer b.writes.Unlock()
	n, due, err := b.stillDue(ctx, name, before)
	if err != nil || !due {
		return err
	}
	return b.markLost(ctx, name, n, "Paxos does not list it any more")
}
