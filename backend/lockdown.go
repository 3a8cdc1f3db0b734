package backend

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/store"
)

// A lockdown is the red button: while there is one, nothing is issued.
type lockdown struct {
	store.Versioned
	Since  time.Time `json:"since"` // zero: there is none
	Reason string    `json:"reason"`
}

// noLockdown is what counts where nothing is stored.
func noLockdown() lockdown { return lockdown{Versioned: store.Current} }

// errLocked is the answer to everybody who would be issued something.
var errLocked = fault.Forbidden("this mount is locked down: nothing is issued until its lockdown path is deleted")

// refuse is errLocked while the lockdown is in force.
func (l lockdown) refuse() error {
	if l.Since.IsZero() {
		return nil
	}
	return errLocked
}

// checkLockdown refuses while a lockdown is in force, or while it cannot be read
// whether one is. It asks memory first, so that a hit reads no storage.
func (b *backend) checkLockdown(ctx context.Context, s logical.Storage) error {
	l, err := b.entries.lockdown.Get(ctx, s, lockdownKey)
	if err != nil {
		return err
	}
	return l.refuse()
}

// checkStoredLockdown is checkLockdown for those who are about to mint or have
// minted: it asks storage.
func checkStoredLockdown(ctx context.Context, s logical.Storage) error {
	l, err := storedLockdown(ctx, s)
	if err != nil {
		return err
	}
	return l.refuse()
}

// storedLockdown reads the lockdown from storage.
func storedLockdown(ctx context.Context, s logical.Storage) (lockdown, error) {
	return store.LoadOr(ctx, s, lockdownKey, noLockdown)
}

// urgent reports whether no grace counts: in a lockdown.
func (b *backend) urgent(ctx context.Context) (bool, error) {
	err := b.checkLockdown(ctx, b.storage)
	return errors.Is(err, errLocked), store.Ignoring(err, errLocked)
}
