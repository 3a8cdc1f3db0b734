package backend

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/payment"
	"vault-plugin-secrets-paxos/backend/signing"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
)

// A signatureRequest is what a caller of sign/ wants.
type signatureRequest struct {
	signerName         string
	method, path, body string
	dryRun             bool // judge only

	signer signer // zero until it is loaded
	pays   payment.Payment
}

// signRequest judges the request that the caller wants to make, counts what it moves, and signs it
// unless this is a dry run. What is signed is stored before. Storage may take long, so the request is
// judged again if an entry that it is judged by was changed meanwhile: what an operator has forbidden is
// not signed.
func (b *backend) signRequest(ctx context.Context, s logical.Storage, r *signatureRequest) (map[string]any, error) {
	for {
		judged := b.entries.signatureEpoch()
		key, wanted, now, err := b.allow(ctx, s, r)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		if b.entries.signatureEpoch() == judged {
			return b.signAllowed(r, key, wanted, now)
		}
	}
}

// allow judges the request, and counts what it moves. A signature may have the time now, at which the
// payment counts already.
func (b *backend) allow(ctx context.Context, s logical.Storage, r *signatureRequest) (key keyOfSigning,
	wanted signing.Request, now time.Time, err error) {
	if err = b.loadSignerOf(ctx, s, r); err != nil {
		return key, wanted, now, err
	}
	if wanted, err = signing.NewRequest(r.method, r.path, []byte(r.body)); err != nil {
		return key, wanted, now, fault.Invalid(err)
	}
	key, g, err := b.permit(ctx, s, r, wanted)
	if err != nil {
		return key, wanted, now, err
	}
	count, err := newPaymentCount(r.signer, g, wanted, r.pays)
	if err != nil {
		return key, wanted, now, err
	}
	now = b.options.Now() // before the payment is stored, which counts from then on
	return key, wanted, now, b.countPayment(ctx, s, count, r.dryRun)
}

// signAllowed signs a request that is allowed and counted, unless this is a dry run.
func (b *backend) signAllowed(r *signatureRequest, key keyOfSigning, wanted signing.Request,
	now time.Time) (map[string]any, error) {
	data := describePayment(r.pays, wanted, key)
	if r.dryRun {
		return data, nil
	}
	signed, err := signing.Sign(key.private, key.id, now, wanted)
	if err != nil {
		return nil, err
	}
	data["headers"] = map[string]any{signing.HeaderName: signed.Compact}
	data["timestamp"], data["expires_at"] = spec.Timestamp(signed.Timestamp), spec.Timestamp(signed.ExpiresAt())
	data["signature_id"] = signed.ID()
	b.lastSigned.note(r.signerName, signed.ExpiresAt())
	return data, nil
}

// signatureEpoch changes with every write of an entry that a request for a signature is judged by.
func (e *entries) signatureEpoch() uint64 {
	return e.signers.Epoch() + e.guardrails.Epoch() + e.keys.Epoch() + e.clients.Epoch() + e.root.Epoch()
}

// permit judges the request by the signer and the guardrails of this moment, and finds the key.
func (b *backend) permit(ctx context.Context, s logical.Storage, r *signatureRequest,
	wanted signing.Request) (key keyOfSigning, g guardrails, err error) {
	if g, err = b.cachedGuardrails(ctx, s); err != nil {
		return key, g, err
	}
	if r.pays, err = judge(wanted, r.signer, g); err != nil {
		return key, g, err
	}
	key, err = b.keyOfSigner(ctx, s, r.signer)
	return key, g, err
}

// loadSignerOf loads the signer that the request names, if it may sign.
func (b *backend) loadSignerOf(ctx context.Context, s logical.Storage, r *signatureRequest) (err error) {
	r.signer, err = b.entries.signers.Get(ctx, s, signersPrefix+r.signerName)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return fault.BadRequest("Signer %q does not exist. List signers with `vault list %ssigners`.", r.signerName,
			mountMark)
	case err == nil && r.signer.Disabled:
		return fault.Forbidden("Signer %q is disabled. Contact your Vault operators.", r.signerName)
	}
	return err
}

// judge reads what a request would move, and refuses what the signer or the guardrails do not allow.
func judge(wanted signing.Request, by signer, g guardrails) (payment.Payment, error) {
	pays, err := payment.Read(wanted)
	if err == nil {
		err = by.policy().Check(pays)
	}
	if err == nil {
		err = g.checkOperations([]string{pays.Operation})
	}
	if err == nil {
		err = g.checkPayment(pays)
	}
	return pays, err
}

// A keyOfSigning is the private key that signs for a signer now, with its Key ID for its client.
type keyOfSigning struct {
	private      signing.Key
	id, clientID string
}

// keyOfSigner finds the key of a signer, if it has a Key ID.
func (b *backend) keyOfSigner(ctx context.Context, s logical.Storage, by signer) (keyOfSigning, error) {
	k, err := b.entries.keys.Get(ctx, s, keysPrefix+by.Key)
	if errors.Is(err, store.ErrNotFound) {
		return keyOfSigning{}, fault.BadRequest("Key %q of this signer does not exist. Contact your Vault operators. "+
			"Operators: create it with `vault write -f %skeys/%s`.", by.Key, mountMark, by.Key)
	}
	if err != nil {
		return keyOfSigning{}, err
	}
	clientID, err := b.cachedClientID(ctx, s, k.Client)
	if err != nil {
		return keyOfSigning{}, err
	}
	v, ok := k.signs(clientID)
	if !ok {
		return keyOfSigning{}, fault.BadRequest("Key %q of this signer has no Key ID for its client yet. Contact your Vault "+
			"operators. Operators: register the public key of version %d in the Dashboard, then write its Key ID with "+
			"`vault write %skeys/%s/kid kid=<Key ID>`.", by.Key, k.latest().Number, mountMark, by.Key)
	}
	private, err := v.Private.decode()
	return keyOfSigning{private, v.KeyIDs[clientID], clientID}, err
}

// cachedClientID is clientIDOf from memory or storage.
func (b *backend) cachedClientID(ctx context.Context, s logical.Storage, name string) (string, error) {
	if name != "" {
		n, err := b.cachedClient(ctx, s, name)
		if err == nil && n.Disabled {
			err = fault.Forbidden("Client %q, whose key this signer uses, is disabled. Contact your Vault operators.", name)
		}
		g, _ := n.current()
		return g.ClientID, err
	}
	root, err := b.entries.root.Get(ctx, s, rootKey)
	g, _ := root.current()
	return g.ClientID, store.Ignoring(err, store.ErrNotFound)
}

// describePayment says what is signed.
func describePayment(pays payment.Payment, wanted signing.Request, key keyOfSigning) map[string]any {
	destination := ""
	if pays.Destination.Kind != "" {
		destination = pays.Destination.String()
	}
	var assets, amounts []string
	for _, amount := range pays.Amounts {
		assets, amounts = append(assets, amount.Asset), append(amounts, amount.Value.String())
	}
	sum := sha256.Sum256(wanted.Body)
	return map[string]any{
		"operation": pays.Operation, "ref_id": pays.RefID, "source": pays.Source, "destination": destination,
		"asset": strings.Join(assets, ","), "amount": strings.Join(amounts, ","), "kid": key.id,
		"client_id": key.clientID, "body_sha256": hex.EncodeToString(sum[:]),
	}
}
