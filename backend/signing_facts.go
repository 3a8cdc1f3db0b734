package backend

import (
	"context"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/payment"
	"vault-plugin-secrets-paxos/backend/report"
	"vault-plugin-secrets-paxos/backend/store"
)

// addSigningFacts adds what the reports know of keys and signers. The clients are known already.
func addSigningFacts(ctx context.Context, s logical.Storage, f *report.Facts) error {
	f.Pays = isPayment
	clientIDs := map[string]string{}
	for _, c := range f.Clients {
		clientIDs[c.Name] = c.ID
	}
	err := store.Each(ctx, s, keysPrefix, func(name string, k signingKey) error {
		f.Keys = append(f.Keys, k.facts(name, clientIDs))
		return nil
	}, func(name string) error {
		f.UnreadableKeys = append(f.UnreadableKeys, name)
		return nil
	})
	if err != nil {
		return err
	}
	return store.Each(ctx, s, signersPrefix, func(name string, by signer) error {
		f.Signers = append(f.Signers, by.facts(name))
		return nil
	}, func(name string) error {
		f.UnreadableSigners = append(f.UnreadableSigners, name)
		return nil
	})
}

// isPayment reports whether an operation pays or decides who is paid. An operation that only takes back, or
// does what another one was allowed to, does not.
func isPayment(operation string) bool {
	m, ok := payment.LookupMovement(operation)
	return ok && m.Judged != payment.ByName
}

// facts returns what the reports know of the key. clientIDs are the present Client IDs of the clients
// that are stored.
func (k signingKey) facts(name string, clientIDs map[string]string) report.Key {
	client := rootName
	if k.Client != "" {
		client = clientsPrefix + k.Client
	}
	f := report.Key{Name: name, Client: client, ClientID: clientIDs[client], Latest: k.latest().Number,
		Registered: map[string][]string{}}
	for _, v := range k.Versions {
		for clientID, keyID := range v.KeyIDs {
			f.Registered[clientID] = append(f.Registered[clientID], keyID)
		}
	}
	if signs, ok := k.signs(f.ClientID); ok {
		f.KeyID = signs.KeyIDs[f.ClientID]
	}
	if newest := k.latest(); newest.Number > 0 && newest.state(f.ClientID) == keyWaiting {
		f.Waiting = newest.CreatedAt
	}
	return f
}

// facts returns what the reports know of the signer.
func (s signer) facts(name string) report.Signer {
	return report.Signer{
		Name: name, Identity: s.ID, Key: s.Key, Operations: s.Operations, Sources: s.Sources,
		Destinations: s.Destinations, EndUsers: s.EndUsers, Limits: shownLimits(s.Limits),
		DailyLimits: shownLimits(s.DailyLimits), UnlimitedOperations: s.UnlimitedOperations,
		ExtraFields: s.ExtraFields, Disabled: s.Disabled, Metadata: s.Metadata, CreatedAt: s.CreatedAt,
		Dangers: s.dangers(),
	}
}

// triedEnforcement returns what the latest probe that checked request signing has shown, if it was with
// this client.
func triedEnforcement(seen probe, clientID string) report.Enforcement {
	if seen.SigningClientID != clientID {
		return report.Enforcement{State: report.EnforcementUnknown}
	}
	return report.Enforcement{State: seen.SigningEnforced, At: seen.SigningCheckedAt, Evidence: report.ByRequest}
}

// addUsage adds to signers how much of their daily limits is used. If that is not known, the warning of
// the first one says why.
func (b *backend) addUsage(ctx context.Context, signers []report.Signer) (warnings []string, err error) {
	for i, s := range signers {
		written := map[string]any{}
		for asset, limit := range s.DailyLimits {
			written[asset] = limit
		}
		limits, err := payment.ParseLimits("daily_limits", written)
		if err != nil {
			return nil, err
		}
		used, failed := b.describeUsage(ctx, s.Identity, limits)
		if signers[i].DailyUsage = used; len(failed) > 0 {
			return failed, nil
		}
	}
	return nil, nil
}
