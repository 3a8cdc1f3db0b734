package backend

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// deletionsKey is where it is stored what was deleted at Paxos in the last day.
const deletionsKey = "deletions"

// deletions are the clients that the engine has deleted at Paxos in the last day, or
// tried to. They are on record before Paxos is asked.
type deletions struct {
	versioned
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
func (b *backend) deleteAll(ctx context.Context, names []string, at credentials) error {
	var err error
	for _, name := range names {
		err = errors.Join(err, b.deleteOne(ctx, name, at))
	}
	return err
}

// deleteOne deletes a client at Paxos and in Vault, or puts it in quarantine if one of
// the rules forbids that. What Paxos cannot take now is tried again.
func (b *backend) deleteOne(ctx context.Context, name string, at credentials) error {
	n, err := storedNamed(ctx, b.storage, name)
	switch {
	case errors.Is(err, errNotFound):
		return nil
	case err != nil:
		return err
	case n.State != revoking || n.Checkout == nil:
		return nil
	}
	g, _ := n.current()
	found, exists := at.of(g.ClientID)
	if !exists || found.Status == paxos.StatusDisabled { // gone already, perhaps by a request whose answer was lost
		return b.forgetDeleted(ctx, name, n)
	}
	why, err := b.forbidsDeletion(ctx, g, found, false)
	if err != nil {
		return err
	}
	if why == "" {
		why, err = b.reserveDeletion(ctx, n.Checkout.Role, g.ClientID, n.Checkout.DeleteLimit)
	}
	if err != nil {
		return err
	}
	if why != "" {
		return b.quarantineUndeleted(ctx, name, why)
	}
	switch why, err := b.eraseAtPaxos(ctx, at, g.ClientID); {
	case err != nil:
		return err
	case why != "":
		return b.quarantineUndeleted(ctx, name, why)
	}
	return b.forgetDeleted(ctx, name, n)
}

// eraseAtPaxos sends the DELETE. It says why Paxos will not do it, or fails if it may
// do it later. A client that is not there has been deleted.
func (b *backend) eraseAtPaxos(ctx context.Context, at credentials, clientID string) (why string, err error) {
	err = b.broker.Call(ctx, at.way, func(ctx context.Context) error {
		return at.link.DeleteCredential(ctx, at.bearer, clientID)
	})
	var answer *paxos.Error
	switch {
	case err == nil:
		return "", nil
	case errors.As(err, &answer) && answer.Status == http.StatusNotFound:
		return "", nil
	case errors.As(err, &answer) && answer.Status >= 400 && !answer.Temporary() && !answer.Throttled():
		return "Paxos refused the deletion: " + answer.Error(), nil
	}
	return "", err
}

// forbidsDeletion says which of the rules forbids to delete a credential, which were
// read from Paxos just before, nothing if none does.
func (b *backend) forbidsDeletion(ctx context.Context, g generation, c paxos.Credential, oldRoot bool) (string, error) {
	limits, err := storedGuardrails(ctx, b.storage)
	if err != nil {
		return "", err
	}
	link, err := b.dial(ctx, b.storage)
	if err != nil {
		return "", err
	}
	switch {
	case !g.Proved:
		return "its secret was never verified, so it may be another's", nil
	case g.Connection != link.fingerprint:
		return "it was stocked over another connection", nil
	case !limits.deletable(c.Label):
		return fmt.Sprintf("its Label at Paxos does not begin with %q", limits.deletablePrefix()), nil
	}
	use, err := b.mounts.usedElsewhere(ctx, b, g.ClientID, oldRoot)
	if err != nil {
		return "", fmt.Errorf("asking whether client %s is needed elsewhere: %w", g.ClientID, err)
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
	log.versioned = current
	log.Sent = append(log.Sent, deletion{role, clientID, b.options.Now().UTC()})
	return "", store(ctx, b.storage, deletionsKey, log)
}

// storedDeletions are those of the last day.
func (b *backend) storedDeletions(ctx context.Context) (deletions, error) {
	log, err := load[deletions](ctx, b.storage, deletionsKey)
	now := b.options.Now()
	log.Sent = slices.DeleteFunc(log.Sent, func(d deletion) bool { return now.Sub(d.At) >= deletionWindow })
	return log, excusing(err, errNotFound)
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
		n, loadErr := storedNamed(ctx, b.storage, name)
		if err = errors.Join(err, excusing(loadErr, errNotFound)); err != nil {
			return nil, err
		}
		g, _ := n.current()
		if n.Checkout == nil {
			continue
		}
		if _, why := log.allow(n.Checkout.Role, g.ClientID, n.Checkout.DeleteLimit); why != "" {
			err = b.quarantineUndeleted(ctx, name, why)
			continue
		}
		rest = append(rest, name)
	}
	return rest, err
}

// forgetDeleted deletes a client in Vault that is gone at Paxos.
func (b *backend) forgetDeleted(ctx context.Context, name string, n namedClient) error {
	b.writes.Lock()
	defer b.writes.Unlock()
	now, err := storedNamed(ctx, b.storage, name)
	switch {
	case errors.Is(err, errNotFound):
		return nil
	case err != nil:
		return err
	case now.State != revoking:
		return nil
	}
	if err := b.named.remove(ctx, b.storage, clientsPrefix+name); err != nil {
		return err
	}
	g, _ := n.current()
	b.logger.Info("a client was deleted at Paxos after its lease", "client", name, "client_id", g.ClientID)
	b.announceClient(clientErased, name, n, "")
	return nil
}

// quarantineUndeleted keeps a client that was to be deleted and may not be.
func (b *backend) quarantineUndeleted(ctx context.Context, name, why string) error {
	b.writes.Lock()
	defer b.writes.Unlock()
	n, err := storedNamed(ctx, b.storage, name)
	if err != nil || n.State != revoking {
		return excusing(err, errNotFound)
	}
	n.State, n.StateReason, n.Checkout = quarantined, "not deleted: "+strings.TrimSpace(why), nil
	if err := b.putNamed(ctx, b.storage, name, n); err != nil {
		return err
	}
	b.logger.Warn("a client was not deleted at Paxos after its lease", "client", name, "why", why)
	b.announceClient(clientQuarantined, name, n, why)
	return nil
}
