package backend

import (
	"context"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/payment"
	"vault-plugin-secrets-paxos/backend/spending"
)

// A dailyLimit names a daily limit in the metrics. The signer is empty for a limit of the guardrails.
type dailyLimit struct{ signer, asset string }

// dailyShares returns which part of each daily limit is used. It leaves out what cannot be read, such
// as a damaged signer: the other metrics must not fail with it. Signers come from the cache, so that a
// scrape costs no storage operation for each of them.
func (b *backend) dailyShares(ctx context.Context, s logical.Storage, signers []string,
	ofMount payment.Limits) map[dailyLimit]float64 {
	shares := map[dailyLimit]float64{}
	b.addShares(ctx, shares, "", spending.Mount, ofMount)
	for _, name := range signers {
		if by, err := b.entries.signers.Get(ctx, s, signersPrefix+name); err == nil {
			b.addShares(ctx, shares, name, by.ID, by.DailyLimits)
		}
	}
	return shares
}

// addShares adds the daily limits of one signer or of the mount.
func (b *backend) addShares(ctx context.Context, shares map[dailyLimit]float64, name, id string,
	limits payment.Limits) {
	if len(limits) == 0 {
		return
	}
	units, err := unitsOf(limits)
	if err != nil {
		return
	}
	used, err := b.spent.Usage(ctx, id, units)
	if err != nil {
		return
	}
	for asset, usage := range used {
		shares[dailyLimit{name, asset}] = usage.Share()
	}
}
