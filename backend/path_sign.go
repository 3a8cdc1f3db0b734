package backend

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/spec"
)

func (b *backend) pathSign() *framework.Path {
	return &framework.Path{
		Pattern:         "sign/" + spec.NamePattern + "$",
		HelpSynopsis:    "Sign a request to Paxos, if the signer allows it. Makes no request to Paxos.",
		HelpDescription: signHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Fields: spec.Parameters{
			"name": spec.Name("Name of the signer.", "payouts"),
			"method": {Type: framework.TypeString, Required: true, Example: "POST",
				Text: "HTTP method of the request, in upper case."},
			"path": {Type: framework.TypeString, Required: true, Example: "/v2/transfer/crypto-withdrawals",
				Text: "Path of the request, with /v2 and with the query."},
			"body": {Type: framework.TypeString, Otherwise: "an empty body", Example: "@body.json",
				Text: "Body of the request, byte for byte as you will send it, at most 8 KiB. It must be empty for GET " +
					"and DELETE."},
			"dry_run": {Type: framework.TypeBool, Example: "true",
				Text: "Whether to only check if the request would be signed. Nothing is signed, counted or stored."},
		}.Fields(),
		Operations: spec.Operations{
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.sign, "Sign a request.",
				spec.Body("The header to send, and what was signed.", signAnswer)), "sign", "request"),
		},
	}
}

// signAnswer is what a signature answers.
var signAnswer = spec.Fields{
	"headers": {Type: framework.TypeMap,
		Description: "The headers to send with the request: Paxos-Signature. Missing with dry_run=true."},
	"operation": spec.Required(framework.TypeString, "Paxos's operationId of the request."),
	"ref_id":    spec.Required(framework.TypeString, "The ref_id of the body. Empty if it has none."),
	"source":    spec.Required(framework.TypeString, "The profile that pays. Empty if the request names none."),
	"destination": spec.Required(framework.TypeString,
		"Where the money goes. Empty if the request names no destination."),
	"asset":  spec.Required(framework.TypeString, "The asset. Empty if the request names none."),
	"amount": spec.Required(framework.TypeString, "The amount, as the body has it. Empty if the request names none."),
	"kid":    spec.Required(framework.TypeString, "Key ID of the key that signs."),
	"client_id": spec.Required(framework.TypeString,
		"Client ID of the key's client. Send the signature with an access token of this client."),
	"timestamp": {Type: framework.TypeString,
		Description: "When it was signed (RFC 3339). Missing with dry_run=true."},
	"expires_at": {Type: framework.TypeString,
		Description: "Until when Paxos accepts the signature (RFC 3339). Missing with dry_run=true."},
	"body_sha256": spec.Required(framework.TypeString, "SHA-256 of the body, in hexadecimal."),
	"signature_id": {Type: framework.TypeString,
		Description: "Identifies the signature in audit logs. Missing with dry_run=true."},
}

// sign answers POST sign/:name. The lockdown is read before and after, so that no signature is returned
// that was made while a lockdown began. It does not ask Vault whether the node is active: a node that is no
// longer active learns that from its write, and without a daily limit it signs what the active one would
// sign.
func (b *backend) sign(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	if !writableBy(b.System()) {
		return nil, logical.ErrReadOnly
	}
	r := signatureRequest{signerName: d.Get("name").(string)}
	input.Patch(d, "method", &r.method)
	input.Patch(d, "path", &r.path)
	input.Patch(d, "body", &r.body)
	input.Patch(d, "dry_run", &r.dryRun)
	data, err := b.signUnlessLocked(ctx, req.Storage, &r)
	b.observeSignature(r, data, err)
	if err != nil {
		return nil, unsigned(err, r.signerName)
	}
	return &logical.Response{Data: data}, nil
}

// signUnlessLocked signs, unless a lockdown is in force before or afterwards.
func (b *backend) signUnlessLocked(ctx context.Context, s logical.Storage,
	r *signatureRequest) (map[string]any, error) {
	if err := b.checkLockdown(ctx, s); err != nil {
		return nil, err
	}
	data, err := b.signRequest(ctx, s, r)
	if err != nil {
		return nil, err
	}
	return data, b.checkLockdown(ctx, s)
}

const signHelp = `
Write the request that you want to send: its method, its path and its exact body. The
answer has the header to send with it. If the signer does not allow the request, it is
refused (403), and the error names the field and the limit.

    vault write paxos/sign/payouts method=POST path=/v2/transfer/crypto-withdrawals \
        body=@body.json

With dry_run=true the answer only says whether the request would be signed.

The signature is valid for 30 minutes, together with an access token of the same client
(client_id in the answer). Send exactly the bytes that were signed.

If you get no answer from Paxos, send the same request again, with the same ref_id and
the same bytes. Never use a new ref_id: you could pay twice. The same request counts
once against daily limits, however often it is signed.
`
