package backend

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
)

// periodicDeadline ends the work of one tick before Vault's next tick, which comes after a minute.
const periodicDeadline = 50 * time.Second

// initialize prepares the mount to serve. Vault calls it after a start, after a reload, and when it
// has replaced a plugin process that ended. Until it is known which token requests the previous
// process sent, no mount of this process requests a token, so they are read here. The sweep starts
// now, because tokens that the previous process left to be revoked should not wait for the next
// tick.
func (b *backend) initialize(ctx context.Context, _ *logical.InitializationRequest) error {
	b.mount.all.add(b)
	if !b.writable() {
		return nil
	}
	if err := b.broker.Start(ctx); err != nil { // the next token request tries again
		b.logger.Warn("the token requests of the previous process are not known yet; retrying at the next token request", "error", err)
	}
	if err := b.spent.Load(ctx); err != nil { // the next signature tries again
		b.logger.Warn("the payments that the previous process signed are not known yet; retrying at the next signature", "error", err)
	}
	b.broker.SweepSoon()
	return nil
}

// periodic does the mount's regular work. Vault calls it every minute on the active node, and once
// more when the mount is being disabled. That last call revokes every token, because afterwards the
// credentials that are needed to revoke are gone.
func (b *backend) periodic(ctx context.Context, _ *logical.Request) error {
	if !b.writable() {
		return nil
	}
	b.signals.flush()
	// The SDK records every write in the context's index state without a lock, and the sweep writes
	// from several goroutines. Without an index state there is nothing to record, and no data race.
	ctx = logical.IndexStateContext(ctx, nil)
	ctx, cancel := context.WithTimeout(ctx, periodicDeadline)
	defer cancel()
	if b.tainted() {
		_, pending, err := b.broker.End(ctx, func(broker.Row) bool { return true })
		if pending > 0 {
			b.logger.Warn("the mount is being disabled, but not all tokens could be revoked: the rest are valid until they expire", "tokens", pending)
		}
		return errors.Join(err, b.reconcileClients(ctx))
	}
	// The pulse is stored before the other work. If the work failed first, the pulse would stay old
	// and look like the gap of a restored snapshot.
	if _, err := b.watchForRestore(ctx); err != nil {
		return err
	}
	if err := b.broker.Sweep(ctx); err != nil {
		return err
	}
	return errors.Join(b.reconcileClients(ctx), b.forgetGenerations(ctx), b.keepUsage(ctx), b.sweepPayments(ctx),
		b.compareHourly(ctx))
}
