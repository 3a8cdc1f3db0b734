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
// in the last day: on a mount that may be a restored snapshot, and if its clock differs from that of
// Paxos. It reads no storage unless the mount has not run for a long time.
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
		return fmt.Errorf("%w: %w", errPaused, fault.Forbidden("Not signed: this mount has been paused since %s. It may be "+
			"a restored snapshot, and such a mount does not know later payments. Contact your Vault operators. Operators: "+
			"if it is the live mount, run `vault write -f %sconfig/resume`.",
			spec.Timestamp(since), mountMark))
	}
	if ahead, known := b.sessions.clock.offset(); known && ahead.Abs() > mostClockDifference {
		return fmt.Errorf("%w: %w", errClock, fault.Forbidden("Not signed: the clocks of this Vault node and of Paxos "+
			"differ by %s, so it is not known which payments still count. Contact your Vault operators. Operators: "+
			"correct the clock of the node, then request a token or run `vault write -f %sprobe`.", ahead.Abs(), mountMark))
	}
	return nil
}

// sweepPayments deletes the records of payments that no longer count. It does nothing while payments
// cannot be counted, because the clock may be wrong, and these payments may then still count.
func (b *backend) sweepPayments(ctx context.Context) error {
	switch err := b.checkCountable(ctx, b.storage); {
	case errors.Is(err, errPaused), errors.Is(err, errClock):
		return nil
	case err != nil:
		return err
	}
	return b.spent.Sweep(ctx)
}
