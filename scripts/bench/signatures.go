package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sync/atomic"

	"github.com/hashicorp/vault/api"
)

// transit is the path of the mount of Vault's own engine that signs.
const transit = "transit"

// payload is the body of the request that is signed. Its parameter is the ref_id.
const payload = `{"ref_id":"%s","profile_id":"42bb1a2e-a68e-44d7-b5f1-59ccc5c13e91","amount":"12.50",` +
	`"asset":"USDC","crypto_network":"ETHEREUM","destination_address":"0x00000000000000000000000000000000000000aa"}`

// countedPayments is how many different payments a signer with a daily limit signs in turn: a mount
// counts a limited number of them, and a repeated one costs the same write as a new one.
const countedPayments = 1000

// signaturePairs prepares two signers and a key of transit, and returns the paths to compare: a signer
// without a daily limit, and one with a limit, with the plugin that does nothing; and each with transit.
func (t *testbed) signaturePairs(ctx context.Context) ([]pair, error) {
	for _, step := range []func(context.Context) error{t.makeKey, t.makeSigners, t.makeTransit} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	free, daily := t.signs(ours, "free", once), t.signs(ours, "daily", inTurn())
	other := side{testbed: t, path: transit + "/sign/payments", answer: "signature", body: forTransit}
	nothing := t.signs(baseline, "free", once)
	return []pair{
		{"sign/", free, nothing}, {"sign/, daily", daily, nothing},
		{"transit", free, other}, {"transit, daily", daily, other},
	}, nil
}

// signs returns the side that has withdrawals signed by a signer.
func (t *testbed) signs(mount, signer string, refID func() string) side {
	return side{testbed: t, path: mount + "/sign/" + signer, answer: "headers", body: func() []byte {
		text, _ := json.Marshal(map[string]string{"method": "POST", "path": withdrawals,
			"body": fmt.Sprintf(payload, refID())}) // strings can always be written
		return text
	}}
}

// once is the ref_id of a payment that is signed again and again.
func once() string { return "ref-00000" }

// inTurn returns the ref_ids of countedPayments, one after the other.
func inTurn() func() string {
	var turn atomic.Int64
	return func() string { return fmt.Sprintf("ref-%05d", turn.Add(1)%countedPayments) }
}

// forTransit is a request to sign the same payload with transit.
func forTransit() []byte {
	text, _ := json.Marshal(map[string]string{"marshaling_algorithm": "jws",
		"input": base64.StdEncoding.EncodeToString(fmt.Appendf(nil, payload, once()))}) // as above
	return text
}

// makeKey makes a key and registers its public key at the stand-in.
func (t *testbed) makeKey(ctx context.Context) error {
	if err := t.put(ctx, ours+"/keys/payments", nil); err != nil {
		return err
	}
	read, err := t.client.Logical().ReadWithContext(ctx, ours+"/keys/payments")
	if err != nil {
		return err
	}
	versions, _ := read.Data["versions"].(map[string]any)
	first, _ := versions["1"].(map[string]any)
	public, _ := first["public_key"].(string)
	registered, err := t.paxos.RegisterPublicKey(t.root.ClientID, "bench", public)
	if err != nil {
		return err
	}
	return t.put(ctx, ours+"/keys/payments/kid", map[string]any{"kid": registered.ID})
}

// makeSigners makes two signers, one of which has a daily limit that is not reached.
func (t *testbed) makeSigners(ctx context.Context) error {
	for name, daily := range map[string]map[string]any{"free": {}, "daily": {"USDC": "99999999999"}} {
		if err := t.put(ctx, ours+"/signers/"+name, map[string]any{"key": "payments",
			"operations": "CreateCryptoWithdrawal", "sources": "*", "destinations": "*",
			"limits": map[string]any{"USDC": "100"}, "daily_limits": daily}); err != nil {
			return err
		}
	}
	return nil
}

// makeTransit enables transit with a key of the same type.
func (t *testbed) makeTransit(ctx context.Context) error {
	if err := t.client.Sys().MountWithContext(ctx, transit, &api.MountInput{Type: transit}); err != nil {
		return err
	}
	return t.put(ctx, transit+"/keys/payments", map[string]any{"type": "ecdsa-p256"})
}

// put writes to a path.
func (t *testbed) put(ctx context.Context, path string, data map[string]any) error {
	_, err := t.client.Logical().WriteWithContext(ctx, path, data)
	return err
}
