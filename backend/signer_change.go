package backend

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/payment"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
)

// writeSigner answers POST signers/:name.
func (b *backend) writeSigner(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	return b.changeSigner(ctx, req, d, true)
}

// patchSigner answers PATCH signers/:name.
func (b *backend) patchSigner(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	return b.changeSigner(ctx, req, d, false)
}

// changeSigner stores a signer and warns of what it cannot do.
func (b *backend) changeSigner(ctx context.Context, req *logical.Request, d *framework.FieldData,
	create bool) (*logical.Response, error) {
	after, warnings, err := b.storeSigner(ctx, req.Storage, d, create)
	if err != nil {
		return nil, err
	}
	b.announceChange(signerWritten, req.Path, req.Operation)
	return spec.Warned(append(fault.Sentences(after.dangers()), warnings...)...), nil
}

// storeSigner does the read-modify-write.
func (b *backend) storeSigner(ctx context.Context, s logical.Storage, d *framework.FieldData,
	create bool) (after signer, warnings []string, err error) {
	name := d.Get("name").(string)
	b.writes.Lock()
	defer b.writes.Unlock()
	after, err = loadSigner(ctx, s, name)
	before := after
	switch {
	case errors.Is(err, store.ErrNotFound) && create:
		after = newSigner(b.options.Now())
	case errors.Is(err, store.ErrNotFound):
		return after, nil, fault.New(http.StatusNotFound, "Signer %q does not exist. Write to it to create it.", name)
	case err != nil:
		return after, nil, err
	}
	if err := after.change(d); err != nil {
		return after, nil, err
	}
	limits, err := storedGuardrails(ctx, s)
	if err != nil {
		return after, nil, err
	}
	if err := limits.checkOperations(after.Operations); err != nil {
		return after, nil, err
	}
	switch _, err := loadSigningKey(ctx, s, after.Key); {
	case errors.Is(err, store.ErrNotFound):
		return after, nil, fault.BadRequest("Key %q does not exist. Create it with `vault write -f %skeys/%s`, or list "+
			"keys with `vault list %skeys`.", after.Key, mountMark, after.Key, mountMark)
	case err != nil:
		return after, nil, err
	}
	return after, signerWarnings(before, after), b.entries.signers.Put(ctx, s, signersPrefix+name, after)
}

// unknownAssets warns of assets in limits that this version does not know, which may be misspelt.
func unknownAssets(parameter string, limits payment.Limits) []string {
	unknown := limits.UnknownAssets()
	if len(unknown) == 0 {
		return nil
	}
	return []string{parameter + " names assets that this version does not know: " + input.Shortened(unknown) +
		". They were saved. Assets are compared exactly."}
}

// oddNetworks warns of destinations whose network has lower-case letters: Paxos writes networks in upper
// case, and they are compared exactly.
func oddNetworks(destinations []string) []string {
	for i, entry := range destinations {
		to, err := payment.ParseDestination(entry)
		if err == nil && to.Network != strings.ToUpper(to.Network) {
			return []string{fmt.Sprintf("destinations[%d] has the network %s. Paxos writes networks in upper case, such "+
				"as ETHEREUM. It was saved. Networks are compared exactly.", i, to.Network)}
		}
	}
	return nil
}

// checkOperations refuses operations that need a scope outside the guardrails: a token for them is
// never issued.
func (g guardrails) checkOperations(ids []string) error {
	for _, id := range ids {
		o, ok := catalog.LookupOperation(id)
		if !ok || o.Access != catalog.WithScope {
			continue
		}
		resolution, err := catalog.Resolve([]string{id}, nil)
		if err != nil {
			return fault.Invalid(err)
		}
		if beyond := g.forbidden(resolution.Scopes); beyond != "" {
			return fault.Forbidden("Operation %s needs a scope that the guardrails of this mount do not allow: %s. Contact "+
				"your Vault operators. Operators: remove the operation from the signer, or have %sconfig/guardrails changed "+
				"(needs sudo).", id, beyond, mountMark)
		}
	}
	return nil
}

// deleteSigner answers DELETE signers/:name.
func (b *backend) deleteSigner(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	b.writes.Lock()
	err := b.entries.signers.Delete(ctx, req.Storage, signersPrefix+d.Get("name").(string))
	b.writes.Unlock()
	if err != nil {
		return nil, err
	}
	b.announceChange(signerDeleted, req.Path, req.Operation)
	return nil, nil
}
