package backend

import (
	"github.com/hashicorp/vault/sdk/logical"
)

// observeSignature counts, logs and announces what a caller of sign/ got. Nothing of the body is in it
// but what the answer has. It does not call Vault: events are sent in the background.
func (b *backend) observeSignature(r signatureRequest, data map[string]any, err error) {
	if r.dryRun || readOnly(err) {
		return
	}
	counted := r.signerName
	if _, known := b.entries.signers.Recall(signersPrefix + r.signerName); !known && r.signer.ID == "" {
		counted = "" // a name that a caller made up must not become a label
	}
	outcome := outcomeOf(err)
	b.metrics.signatures.count(counted, outcome)
	path := "sign/" + r.signerName
	if err != nil {
		b.logger.Info("a request was not signed", "signer", r.signerName, "operation", r.pays.Operation,
			"outcome", outcome, "reason", unsigned(err, r.signerName).Error())
		b.events.add(event{signatureRefused, []string{logical.EventMetadataPath, path, "signer", r.signerName,
			"operation", r.pays.Operation, "outcome", outcome}})
		return
	}
	b.logger.Debug("a request was signed", "signer", r.signerName, "operation", r.pays.Operation, "kid", data["kid"],
		"signature_id", data["signature_id"])
	b.events.add(event{signatureMade, []string{logical.EventMetadataPath, path, "signer", r.signerName,
		"operation", r.pays.Operation, "kid", data["kid"].(string), "signature_id", data["signature_id"].(string),
		"body_sha256", data["body_sha256"].(string)}})
}
