package backend

import (
	"context"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/payment"
	"vault-plugin-secrets-paxos/backend/signing"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/spending"
)

// A paymentCount is a payment with the daily limits that it must not exceed.
type paymentCount struct {
	payment spending.Payment
	limits  spending.Limits // for the assets of the payment
	limited bool            // a daily limit is set, for whatever asset
}

// newPaymentCount reads what a payment counts as for a signer and for the mount.
func newPaymentCount(by signer, g guardrails, wanted signing.Request, pays payment.Payment) (paymentCount, error) {
	c := paymentCount{limited: len(by.DailyLimits)+len(g.SignDailyLimits) > 0, payment: spending.Payment{
		Key:    spending.HashOf(wanted.Method, wanted.Target(), pays.RefID, string(wanted.Body)),
		Signer: by.ID,
	}}
	if pays.RefID != "" {
		c.payment.Ref = spending.HashOf(pays.RefID)
	}
	for _, amount := range pays.Amounts {
		units, err := spending.ParseUnits(amount.Value.String())
		if err != nil {
			return c, err
		}
		c.payment.Amounts = append(c.payment.Amounts, spending.Amount{Asset: amount.Asset, Units: units})
	}
	var err error
	if c.limits.Signer, err = unitsOf(forAssets(by.DailyLimits, pays)); err != nil {
		return c, err
	}
	c.limits.Mount, err = unitsOf(forAssets(g.SignDailyLimits, pays))
	return c, err
}

// forAssets are the limits for the assets of a payment: there may be thousands of others.
func forAssets(limits payment.Limits, pays payment.Payment) payment.Limits {
	needed := payment.Limits{}
	for _, amount := range pays.Amounts {
		if limit, ok := limits[amount.Asset]; ok {
			needed[amount.Asset] = limit
		}
	}
	return needed
}

// counts reports whether the payment is one that has to be stored before it is signed.
func (c paymentCount) counts() bool {
	return len(c.payment.Amounts) > 0 && c.limited
}

// unitsOf are limits in the form in which they are added up.
func unitsOf(limits payment.Limits) (map[string]spending.Units, error) {
	units := make(map[string]spending.Units, len(limits))
	for asset, limit := range limits {
		value, err := spending.ParseUnits(limit.String())
		if err != nil {
			return nil, err
		}
		units[asset] = value
	}
	return units, nil
}

// countPayment stores a payment before it is signed, if a daily limit is set, and refuses one that
// is more than the limit leaves. A payment that does not count may still not use the ref_id of one
// that does. With dryRun it is only judged.
func (b *backend) countPayment(ctx context.Context, s logical.Storage, c paymentCount, dryRun bool) error {
	if !c.counts() {
		if c.payment.Ref == (spending.Hash{}) {
			return nil
		}
		return b.spent.CheckRef(ctx, c.payment)
	}
	if err := b.checkCountable(ctx, s); err != nil {
		return err
	}
	if dryRun {
		return b.spent.Check(ctx, c.payment, c.limits)
	}
	return b.spent.Spend(ctx, c.payment, c.limits) // also one that counts already: it counts for longer now
}

// describeUsage says how much of daily limits is used. If that is not known, a warning says why, and the
// limits can still be read.
func (b *backend) describeUsage(ctx context.Context, signerID string, limits payment.Limits) (shown map[string]any,
	warnings []string) {
	shown = map[string]any{}
	if len(limits) == 0 {
		return shown, nil
	}
	units, err := unitsOf(limits)
	if err == nil {
		var used map[string]spending.Usage
		used, err = b.spent.Usage(ctx, signerID, units)
		for asset, usage := range used {
			shown[asset] = map[string]any{"limit": limits[asset].String(), "used": usage.Used.String(),
				"left": usage.Left.String(), "next_at": spec.Timestamp(usage.NextAt)}
		}
	}
	if err != nil {
		warnings = append(warnings, "The usage of the daily limits is not known, because storage failed: "+err.Error()+".")
	}
	return shown, warnings
}
