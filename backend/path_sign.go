package backend

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/payment"
	"vault-plugin-secrets-paxos/backend/signing"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
)

func (b *backend) pathSign() *framework.Path {
	return &framework.Path{
		Pattern:         "sign/" + spec.NamePattern + "$",
		HelpSynopsis:    "Sign a request to Paxos, if the signer allows it. Makes no request to Paxos.",
		HelpDescription: signHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Fields: spec.Fields{
			"name": spec.Name("Name of the signer."),
			"method": spec.Required(framework.TypeString,
				"HTTP method of the request, in upper case, such as POST."),
			"path": spec.Required(framework.TypeString,
				"Path of the request with /v2 and with the query, such as /v2/transfer/crypto-withdrawals."),
			"body": {Type: framework.TypeString,
				Description: "The exact bytes of the body, at most 8 KiB. Empty for GET and DELETE."},
			"dry_run": {Type: framework.TypeBool,
				Description: "Judge the request, and sign, count and store nothing."},
		},
		Operations: spec.Operations{
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.sign, "Sign a request.",
				spec.Body("The header to send, and what was signed.", signAnswer)), "sign", "request"),
		},
	}
}

// signAnswer is what a signature answers.
var signAnswer = spec.Fields{
	"headers": {Type: framework.TypeMap,
		Description: "The headers to send with the request: Paxos-Signature. Absent with dry_run."},
	"operation":   spec.Required(framework.TypeString, "Paxos's operationId of the request."),
	"ref_id":      spec.Required(framework.TypeString, "The ref_id of the body; empty if it has none."),
	"source":      spec.Required(framework.TypeString, "The profile that pays; empty if the request does not say it."),
	"destination": spec.Required(framework.TypeString, "Where the money goes; empty if the request does not say it."),
	"asset":       spec.Required(framework.TypeString, "The asset; empty if the request does not say it."),
	"amount":      spec.Required(framework.TypeString, "The amount, as the body has it."),
	"kid":         spec.Required(framework.TypeString, "Key ID of the key that signs."),
	"timestamp":   {Type: framework.TypeString, Description: "When it was signed (RFC 3339). Absent with dry_run."},
	"expires_at": {Type: framework.TypeString,
		Description: "Until when Paxos accepts the signature (RFC 3339). Absent with dry_run."},
	"body_sha256": spec.Required(framework.TypeString, "SHA-256 of the body, in hexadecimal."),
	"signature_id": {Type: framework.TypeString,
		Description: "Names the signature in audit logs. Absent with dry_run."},
}

// sign answers POST sign/:name. A lockdown is looked for before and after, so that no signature leaves
// that was made while the lockdown came.
func (b *backend) sign(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	if !b.writable() {
		return nil, logical.ErrReadOnly
	}
	if err := b.checkLockdown(ctx, req.Storage); err != nil {
		return nil, err
	}
	name := d.Get("name").(string)
	data, err := b.signRequest(ctx, req.Storage, d, name)
	if err == nil {
		err = b.checkLockdown(ctx, req.Storage)
	}
	if err != nil {
		b.logger.Info("a request was not signed", "signer", name, "reason", err.Error())
		return nil, err
	}
	b.logger.Debug("a request was signed", "signer", name, "operation", data["operation"], "kid", data["kid"])
	return &logical.Response{Data: data}, nil
}

// signRequest judges the request that the caller wants to make, and signs it unless it is only tried.
func (b *backend) signRequest(ctx context.Context, s logical.Storage, d *framework.FieldData,
	name string) (map[string]any, error) {
	var method, path, body string
	input.Patch(d, "method", &method)
	input.Patch(d, "path", &path)
	input.Patch(d, "body", &body)
	by, err := b.entries.signers.Get(ctx, s, signersPrefix+name)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, fault.BadRequest("Signer %q does not exist. List signers with `vault list %ssigners`.", name,
			mountMark)
	case err != nil:
		return nil, err
	case by.Disabled:
		return nil, fault.Forbidden("Signer %q is disabled.", name)
	}
	wanted, err := signing.NewRequest(method, path, []byte(body))
	if err != nil {
		return nil, fault.Invalid(err)
	}
	pays, err := b.judgePayment(ctx, s, by, wanted)
	if err != nil {
		return nil, err
	}
	key, keyID, err := b.keyOfSigner(ctx, s, by)
	if err != nil {
		return nil, err
	}
	data := describePayment(pays, wanted, keyID)
	if tried, _ := input.Given[bool](d, "dry_run"); tried {
		return data, nil
	}
	signed, err := signing.Sign(key, keyID, b.options.Now(), wanted)
	if err != nil {
		return nil, err
	}
	data["headers"] = map[string]any{signing.HeaderName: signed.Compact}
	data["timestamp"], data["expires_at"] = spec.Timestamp(signed.Timestamp), spec.Timestamp(signed.ExpiresAt())
	data["signature_id"] = signed.ID()
	return data, nil
}

// judgePayment reads what a request would move, and refuses what the signer or the guardrails do not allow.
func (b *backend) judgePayment(ctx context.Context, s logical.Storage, by signer,
	wanted signing.Request) (payment.Payment, error) {
	pays, err := payment.Read(wanted)
	if err == nil {
		err = by.policy().Check(pays)
	}
	var malformed *payment.Malformed
	var refused *payment.Refusal
	switch {
	case errors.As(err, &malformed):
		return pays, fault.Invalid(err)
	case errors.As(err, &refused):
		return pays, fault.Forbidden("%s", err)
	case err != nil:
		return pays, err
	}
	limits, err := b.cachedGuardrails(ctx, s)
	if err != nil {
		return pays, err
	}
	return pays, limits.checkOperations([]string{pays.Operation})
}

// keyOfSigner is the private key that signs for a signer now, and its Key ID.
func (b *backend) keyOfSigner(ctx context.Context, s logical.Storage, by signer) (signing.Key, string, error) {
	k, err := b.entries.keys.Get(ctx, s, keysPrefix+by.Key)
	if errors.Is(err, store.ErrNotFound) {
		return signing.Key{}, "", fault.BadRequest("Key %q of this signer does not exist. Operators: create "+
			"it at %skeys/%s.",
			by.Key, mountMark, by.Key)
	}
	if err != nil {
		return signing.Key{}, "", err
	}
	clientID, err := b.cachedClientID(ctx, s, k.Client)
	if err != nil {
		return signing.Key{}, "", err
	}
	v, ok := k.signs(clientID)
	if !ok {
		return signing.Key{}, "", fault.BadRequest("Key %q has no Key ID for its client yet. Operators: "+
			"register the public "+
			"key of version %d in the Dashboard, then write its Key ID with `vault write %skeys/%s/kid kid=<Key ID>`.",
			by.Key, k.latest(), mountMark, by.Key)
	}
	key, err := signing.ParseKey(v.Private)
	return key, v.KeyIDs[clientID], err
}

// cachedClientID is clientIDOf from memory or storage.
func (b *backend) cachedClientID(ctx context.Context, s logical.Storage, name string) (string, error) {
	if name != "" {
		n, err := b.cachedClient(ctx, s, name)
		g, _ := n.current()
		return g.ClientID, err
	}
	root, err := b.entries.root.Get(ctx, s, rootKey)
	g, _ := root.current()
	return g.ClientID, store.Ignoring(err, store.ErrNotFound)
}

// describePayment says what is signed.
func describePayment(pays payment.Payment, wanted signing.Request, keyID string) map[string]any {
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
		"asset": strings.Join(assets, ","), "amount": strings.Join(amounts, ","), "kid": keyID,
		"body_sha256": hex.EncodeToString(sum[:]),
	}
}

const signHelp = `
Send the request that you want to make: method, path and the exact body. The
answer has the header to send with it. A request that the signer does not allow
is refused (403), and the refusal names the field and the limit.

    vault write paxos/sign/payouts method=POST path=/v2/transfer/crypto-withdrawals body=@body.json

The signature is valid for 30 minutes. After a timeout, send the same request
again, with the same ref_id and the same bytes, never with a new ref_id.
`
