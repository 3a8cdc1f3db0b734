package backend

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/spec"
)

// mostClockDifference is by how much the clocks of Vault and of Paxos may differ while payments are
// counted. A payment counts for 5 minutes longer than the day, which covers this.
const mostClockDifference = 5 * time.Minute

// checkCountable refuses to count a payment while the engine cannot know which payments were signed
// in the last day: on a mount that may be a restored copy, and with a clock that differs from that
// of Paxos. It reads no storage unless the mount was paused for long.
func (b *backend) checkCountable(ctx context.Context, s logical.Storage) error {
	p, err := b.cachedPulse(ctx, s)
	if err != nil {
		return err
	}
	since := p.Stopped
	if since.IsZero() && p.gapAt(b.options.Now()) {
		stopped, err := b.watchForRestore(ctx)
		if err != nil {
			return err
		}
		if stopped {
			since = b.options.Now()
		}
	}
	if !since.IsZero() {
		return fmt.Errorf("%w: %w", errPaused, fault.Forbidden("Not signed: this mount has been paused since %s, because "+
			"it may be a restored copy, which does not know the payments that were signed later. Contact your Vault "+
			"operators. Operators: if it is the live mount, run `vault write -f %sconfig/resume`.",
			spec.Timestamp(since), mountMark))
	}
	if ahead, known := b.sessions.clock.offset(); known && ahead.Abs() > mostClockDifference {
		return fmt.Errorf("%w: %w", errClock, fault.Forbidden("Not signed: the clock of this Vault node differs by %s "+
			"from that of Paxos, so the last 24 hours are not known. Contact your Vault operators. Operators: "+
			"correct the clock of the node, then request a token or run `vault write -f %sprobe`.", ahead.Abs(), mountMark))
	}
	return nil
}

// sweepPayments deletes the records of payments that count no longer. It waits while nothing can be
// counted: the clock that says that they have ended may be wrong, and what it has ended counts again
// when it is right.
func (b *backend) sweepPayments(ctx context.Context) error {
	switch err := b.checkCountable(ctx, b.storage); {
	case errors.Is(err, errPaused), errors.Is(err, errClock):
		return nil
	case err != nil:
		return err
	}
	return b.spent.Sweep(ctx)
}
