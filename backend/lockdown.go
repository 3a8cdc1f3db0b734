package backend

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
)

// A lockdown stops the mount in an emergency: while it is in force, nothing is issued and every
// token is revoked.
type lockdown struct {
	store.Versioned
	Since  time.Time `json:"since"` // zero: no lockdown is in force
	Reason string    `json:"reason"`
}

// errLocked is in the chain of every error by which a lockdown refuses something.
var errLocked = errors.New("the mount is in lockdown")

// noLockdown returns the value that counts where nothing is stored.
func noLockdown() lockdown { return lockdown{Versioned: store.Current} }

// refuse returns an error for the caller, with errLocked in its chain, if the lockdown is in force. It
// does not give the reason, which is for those who may read the path lockdown.
func (l lockdown) refuse() error {
	if l.Since.IsZero() {
		return nil
	}
	return fmt.Errorf("%w: %w", errLocked, fault.Forbidden("This mount has been in lockdown since %s: no tokens or "+
		"clients are issued, and no requests are signed. Contact your security operators.", spec.Timestamp(l.Since)))
}

// checkLockdown returns an error with errLocked in its chain if a lockdown is in force, or another
// error if that cannot be read. It uses the cache, so that a read that is answered with a cached token
// needs no storage.
func (b *backend) checkLockdown(ctx context.Context, s logical.Storage) error {
	l, err := b.entries.lockdown.Get(ctx, s, lockdownKey)
	if err != nil {
		return err
	}
	return l.refuse()
}

// checkStoredLockdown is like checkLockdown but always reads storage. It is for code that is about
// to request a token or to lease a client, or has just done so. The cache may not show a lockdown
// yet that began a moment ago.
func checkStoredLockdown(ctx context.Context, s logical.Storage) error {
	l, err := storedLockdown(ctx, s)
	if err != nil {
		return err
	}
	return l.refuse()
}

// storedLockdown reads the lockdown from storage, or returns noLockdown if nothing is stored.
func storedLockdown(ctx context.Context, s logical.Storage) (lockdown, error) {
	return store.LoadOr(ctx, s, lockdownKey, noLockdown)
}

// urgent reports whether tokens must be revoked at once, without regard to a grace. That is so in a
// lockdown.
func (b *backend) urgent(ctx context.Context) (bool, error) {
	err := b.checkLockdown(ctx, b.storage)
	return errors.Is(err, errLocked), store.Ignoring(err, errLocked)
}
