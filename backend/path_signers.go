package backend

import (
	"context"
	"errors"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
)

func (b *backend) pathSigners() *framework.Path {
	return spec.Listing{
		Pattern: signersPrefix + "?$", Item: "Signer", Entries: true, Suffix: "signers",
		Synopsis: "List the signers.", Summary: "List the signers.",
		Answer: spec.Body("The names.", spec.ListBody), List: spec.ListStored(signersPrefix),
	}.Path()
}

func (b *backend) pathSigner() *framework.Path {
	return &framework.Path{
		Pattern:         signersPrefix + spec.NamePattern + "$",
		HelpSynopsis:    "What an application may have signed: operations, sources, destinations and limits.",
		HelpDescription: signerHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos", ItemType: "Signer"},
		ExistenceCheck:  spec.EntryExists,
		Fields: spec.Fields{
			"name": spec.Name("Name of the signer. Case matters."),
			"key": {Type: framework.TypeString,
				Description: "The key under keys/ that signs. Required at the first write."},
			"operations": {Type: framework.TypeCommaStringSlice,
				Description: "Paxos's operationIds that may be signed, such as CreateCryptoWithdrawal. None " +
					"by default."},
			"sources": {Type: framework.TypeCommaStringSlice,
				Description: "Ids of the profiles that may pay. Dangerous: * for every profile. None by default."},
			"destinations": {Type: framework.TypeCommaStringSlice,
				Description: "Where money may go: crypto:<NETWORK>:<address>, fiat:<id> or profile:<id>. On STELLAR, " +
					"?memo=<memo> after the address where the account has one. Dangerous: * for every " +
					"destination. None " +
					"by default."},
			"end_users": {Type: framework.TypeCommaStringSlice,
				Description: "Ids of identities and accounts that a body may name. Dangerous: *. Empty: " +
					"bodies that name " +
					"one are refused."},
			"limits": {Type: framework.TypeKVPairs,
				Description: "By asset: the most that one request may move, such as USD=1000.50. An asset without an " +
					"entry is refused."},
			"daily_limits": {Type: framework.TypeKVPairs,
				Description: "By asset: the most that all requests of 24 hours may move. Only for assets that " +
					"limits names."},
			"unlimited_operations": {Type: framework.TypeCommaStringSlice,
				Description: "Dangerous: operations that may be signed although their amount cannot be read " +
					"from the request. " +
					"Each must be in operations too."},
			"extra_fields": {Type: framework.TypeCommaStringSlice,
				Description: "Dangerous: top-level fields of a body that this version does not know and that " +
					"may be signed."},
			"disabled": {Type: framework.TypeBool, Description: "Sign nothing."},
			"metadata": {Type: framework.TypeKVPairs,
				Description: "Free key=value pairs for people and reports. Not secret."},
		},
		Operations: spec.Operations{
			logical.ReadOperation: spec.Displayed(spec.OnActive(b.readSigner, "Read a signer, and what is left of its "+
				"daily limits.", spec.Body("The signer.", signerAnswer)), "read", "signer"),
			logical.CreateOperation: spec.Displayed(spec.OnActive(b.writeSigner, "Create a signer.",
				spec.NoBody("Stored.")), "write", "signer"),
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.writeSigner,
				"Create a signer, or change it; parameters left out keep their value, and a map is replaced whole.",
				spec.NoBody("Stored.")), "write", "signer"),
			logical.PatchOperation: spec.Displayed(spec.OnActive(b.patchSigner,
				"Change parts of a signer that exists; null gives a parameter its default back.",
				spec.NoBody("Stored.")), "patch", "signer"),
			logical.DeleteOperation: spec.Displayed(spec.OnActive(b.deleteSigner, "Delete a signer.",
				spec.NoBody("Deleted.")), "delete", "signer"),
		},
	}
}

// signerAnswer is what a read of a signer holds.
var signerAnswer = spec.Fields{
	"key":          spec.Required(framework.TypeString, "The key that signs."),
	"operations":   spec.Required(framework.TypeStringSlice, "The operations that may be signed."),
	"sources":      spec.Required(framework.TypeStringSlice, "The profiles that may pay."),
	"destinations": spec.Required(framework.TypeStringSlice, "Where money may go."),
	"end_users":    spec.Required(framework.TypeStringSlice, "Identities and accounts that a body may name."),
	"limits":       spec.Required(framework.TypeKVPairs, "By asset: the most for one request."),
	"daily_limits": spec.Required(framework.TypeKVPairs, "By asset: the most in 24 hours."),
	"daily_usage": spec.Required(framework.TypeMap,
		"By asset of daily_limits: limit, used, left, and next_at, when more is left (RFC 3339; empty if nothing "+
			"is used)."),
	"unlimited_operations": spec.Required(framework.TypeStringSlice, "Operations whose amount is not judged."),
	"extra_fields": spec.Required(framework.TypeStringSlice,
		"Fields of bodies that this version does not know."),
	"disabled":   spec.Required(framework.TypeBool, "Whether the signer signs nothing."),
	"metadata":   spec.Required(framework.TypeKVPairs, "Free key-value pairs."),
	"created_at": spec.Required(framework.TypeString, "When the signer was created (RFC 3339)."),
	"dangerous_options": spec.Required(framework.TypeStringSlice,
		"Options in force that weaken something, and how."),
}

// readSigner answers GET signers/:name.
func (b *backend) readSigner(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	s, err := loadSigner(ctx, req.Storage, d.Get("name").(string))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil // Vault answers 404
	}
	if err != nil {
		return nil, err
	}
	used, warnings := b.describeUsage(ctx, s.ID, s.DailyLimits)
	metadata := s.Metadata
	if metadata == nil {
		metadata = map[string]string{}
	}
	return &logical.Response{Warnings: warnings, Data: map[string]any{
		"daily_usage": used,
		"key":         s.Key, "operations": append([]string{}, s.Operations...), "sources": append([]string{}, s.Sources...),
		"destinations": append([]string{}, s.Destinations...), "end_users": append([]string{}, s.EndUsers...),
		"limits": shownLimits(s.Limits), "daily_limits": shownLimits(s.DailyLimits),
		"unlimited_operations": append([]string{}, s.UnlimitedOperations...),
		"extra_fields":         append([]string{}, s.ExtraFields...), "disabled": s.Disabled,
		"metadata": metadata, "created_at": spec.Timestamp(s.CreatedAt), "dangerous_options": s.dangers(),
	}}, nil
}

const signerHelp = `
A signer says what one application may have signed. Everything that is empty
allows nothing. Vault policies say who may write to sign/<signer>.

    vault write paxos/signers/payouts key=payments operations=CreateCryptoWithdrawal \
        sources=<profile id> destinations=crypto:ETHEREUM:<address> limits=USDC=100

What in a body moves money is known to the engine. A body with a field that it
does not know is refused. Fees that Paxos adds to amount are not counted.

Where Paxos does not enforce signatures for the client, every limit here is
advice: a token alone is enough.
`
