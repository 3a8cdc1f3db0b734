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

// deletionWindow is the time in which a role's delete_limit counts deletions.
const deletionWindow = 24 * time.Hour

// deletions are the deletions at Paxos of the last deletionWindow. A deletion is stored before its
// request is sent, so that it counts even if the answer is lost.
type deletions struct {
	store.Versioned
	Sent []deletion `json:"sent"`
}

// A deletion is the record of one client whose deletion was requested at Paxos.
type deletion struct {
	Role     string    `json:"role"` // empty for an old root client
	ClientID string    `json:"client_id"`
	At       time.Time `json:"at"`
}

// A pendingDeletion is a client that is to be deleted at Paxos.
type pendingDeletion struct {
	generation
	key   string // the storage key of the entry that has it
	role  string // the role whose delete_limit counts; empty for an old root client
	limit int    // the most deletions of the role in deletionWindow
	lease bool   // it is a client for leasing; otherwise it is an old root client
}

// A deletionResult says how a deletion ended. The zero value means that the client is deleted at
// Paxos.
type deletionResult struct {
	forbidden string // the reason why the client was not deleted and will not be
	missing   bool   // Paxos has no such credential, although its deletion was never requested
}

// deleteAll deletes at Paxos those of the stored clients that may be deleted.
func (b *backend) deleteAll(ctx context.Context, names []string, fromPaxos *credentials) error {
	var err error
	for _, name := range names {
		err = errors.Join(err, b.deleteOne(ctx, name, fromPaxos))
	}
	return err
}

// deleteOne deletes a client at Paxos and then in Vault. If a rule forbids the deletion, the client
// goes into quarantine. If Paxos cannot do it now, deleteOne fails, and the next tick tries again.
func (b *backend) deleteOne(ctx context.Context, name string, fromPaxos *credentials) error {
	n, err := loadStoredClient(ctx, b.storage, name)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	case n.State != stateToBeDeleted || n.Checkout == nil:
		return nil
	}
	g, _ := n.current()
	result, err := b.deleteAtPaxos(ctx, fromPaxos,
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

// deleteAtPaxos deletes a client at Paxos. Nothing else calls sendDeletion, so no DELETE is sent
// without these checks: it first reads the credential from Paxos and checks every rule. The client
// counts as deleted if Paxos already lists it as disabled, if Paxos answers the DELETE with 200, or
// if Paxos answers 404 and then shows the client as disabled or not at all.
func (b *backend) deleteAtPaxos(ctx context.Context, fromPaxos *credentials,
	c pendingDeletion) (result deletionResult, err error) {
	found, exists, err := fromPaxos.find(ctx, c.ClientID)
	if err != nil {
		return result, err
	}
	// An earlier request whose answer was lost may have disabled it.
	if exists && found.Status == paxos.StatusDisabled {
		return result, nil
	}
	log, err := b.storedDeletions(ctx)
	if err != nil {
		return result, err
	}
	if !exists && !log.has(c.ClientID) {
		return deletionResult{missing: true}, nil
	}
	// If it does not exist, its deletion was requested before, and it met the rules then.
	if exists {
		if result.forbidden, err = b.forbidsDeletion(ctx, fromPaxos, c, found); err != nil || result.forbidden != "" {
			return result, err
		}
	}
	if result.forbidden, err = b.reserveDeletion(ctx, c.role, c.ClientID, c.limit); err != nil ||
		result.forbidden != "" {
		return result, err
	}
	result.forbidden, err = b.sendDeletion(ctx, fromPaxos, c.ClientID)
	return result, err
}

// sendDeletion sends the DELETE for a client. It returns "" if the client is deleted, or the reason
// why Paxos will not delete it. It fails if a retry may succeed.
func (b *backend) sendDeletion(ctx context.Context, fromPaxos *credentials, clientID string) (why string, err error) {
	err = b.broker.Call(ctx, fromPaxos.route, func(ctx context.Context) error {
		return fromPaxos.session.DeleteCredential(ctx, fromPaxos.bearer, clientID)
	})
	var answer *paxos.Error
	switch {
	case err == nil:
		return "", nil
	case errors.As(err, &answer) && answer.Status == http.StatusNotFound:
		found, err := fromPaxos.ask(ctx, []string{clientID})
		if err != nil {
			return "", err
		}
		if c, exists := credentialOf(found, clientID); exists && c.Status != paxos.StatusDisabled {
			return "Paxos answered that it does not exist (HTTP 404), but still lists it", nil
		}
		return "", nil
	case errors.As(err, &answer) && answer.Signature.Certain(): // it is retried until an operator has mended the key
		return "", err
	case errors.As(err, &answer) && answer.Status >= 400 && !answer.Temporary() && !answer.Throttled():
		return "Paxos refused the deletion: " + answer.Error(), nil
	}
	return "", err
}

// forbidsDeletion returns the rule that forbids to delete a client, or "" if none does. found is
// its credential, read from Paxos just before.
func (b *backend) forbidsDeletion(ctx context.Context, fromPaxos *credentials, c pendingDeletion,
	found paxos.Credential) (string, error) {
	rails, err := storedGuardrails(ctx, b.storage)
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
	list, err := b.credentialList(ctx, b.storage)
	if err != nil {
		return "", err
	}
	entity := cmp.Or(list.Customer, fromPaxos.entity())
	switch now, _ := root.current(); {
	case now.ClientID == c.ClientID || c.lease && root.has(c.ClientID):
		return "it is or was the root client", nil
	case c.key != rootKey && !c.lease:
		return "its purpose is not lease", nil
	case !c.Verified:
		return "its secret was never verified, so it may belong to somebody else", nil
	case c.Connection != session.fingerprint:
		return "it was stored for another connection", nil
	case entity != "" && found.CustomerID != "" && found.CustomerID != entity:
		return "it belongs to another Entity", nil
	case !rails.deletable(found.Label):
		return fmt.Sprintf("its Label at Paxos does not begin with %q", rails.deletablePrefix()), nil
	}
	use, err := b.usedElsewhere(ctx, c.key, c.ClientID)
	if err != nil {
		return "", fmt.Errorf("checking whether another entry uses client %s: %w", c.ClientID, err)
	}
	return use, nil
}

// reserveDeletion stores that the deletion of a client is about to be requested. If the role has
// used up its limit, it stores nothing and returns why the client may not be deleted.
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

// storedDeletions reads the deletions of the last deletionWindow.
func (b *backend) storedDeletions(ctx context.Context) (deletions, error) {
	log, err := store.Load[deletions](ctx, b.storage, deletionsKey)
	now := b.options.Now()
	log.Sent = slices.DeleteFunc(log.Sent, func(d deletion) bool { return now.Sub(d.At) >= deletionWindow })
	return log, store.Ignoring(err, store.ErrNotFound)
}

// has reports whether the deletion of a client was requested in the last deletionWindow.
func (d deletions) has(clientID string) bool {
	return slices.ContainsFunc(d.Sent, func(sent deletion) bool { return sent.ClientID == clientID })
}

// allow returns why a client of the role may not be deleted, or "" if it may. counted says that its
// deletion is on record already: a retry is allowed and does not count again.
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
		return false, fmt.Sprintf("role %q deleted %s in 24 hours, which is its delete_limit", role,
			quantity(count, "client"))
	}
	return false, ""
}

// withinLimit returns those of the clients that delete_limit allows to be deleted, and puts the
// others into quarantine. It comes before Paxos is asked, so that no token is requested for clients
// that may not be deleted anyway.
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

// forgetDeleted deletes a client in Vault, because it is deleted at Paxos. before is the entry as
// it was when the deletion began. An entry that was changed since is kept.
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

// loseUndeleted marks a client as lost that was to be deleted and that Paxos does not have, although
// this mount did not request its deletion. If Paxos lists the client again, it is deleted then.
func (b *backend) loseUndeleted(ctx context.Context, name string, before storedClient) error {
	b.writes.Lock()
	defer b.writes.Unlock()
	n, due, err := b.stillDue(ctx, name, before)
	if err != nil || !due {
		return err
	}
	return b.markLost(ctx, name, n, "Paxos no longer lists it")
}
