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
		Answer: spec.Body("The names.", spec.DescribedList("For each signer: key, operations and state (active or "+
			"disabled).")),
		List: b.listSigners,
	}.Path()
}

func (b *backend) pathSigner() *framework.Path {
	return &framework.Path{
		Pattern:         signersPrefix + spec.NamePattern + "$",
		HelpSynopsis:    "What an application may have signed: operations, sources, destinations and limits.",
		HelpDescription: signerHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos", ItemType: "Signer"},
		ExistenceCheck:  spec.EntryExists,
		Fields: spec.Parameters{
			"name": spec.Name("Name of the signer. It is case-sensitive.", "payouts"),
			"key": {Type: framework.TypeString, Example: "payments",
				Text: "The key under keys/ that signs. Required at the first write."},
			"operations": {Type: framework.TypeCommaStringSlice, Example: "CreateCryptoWithdrawal,AffirmTransaction",
				Text: "The operations (operations/) that may be signed, by operationId. If it is empty, nothing is signed."},
			"sources": {Type: framework.TypeCommaStringSlice, Example: "42bb1a2e-a68e-44d7-b5f1-59ccc5c13e91",
				Text: "Ids of the profiles that may pay. If it is empty, none may pay. Dangerous: * allows every profile."},
			"destinations": {Type: framework.TypeCommaStringSlice,
				Example: "crypto:ETHEREUM:0x1db3439a222c519ab44bb1144fc28167b4fa6ee6",
				Text: "Where money may go: crypto:<network>:<address>, fiat:<fiat account id> or profile:<profile id>. On " +
					"STELLAR, ?memo=<memo> follows the address if the body has a memo. If it is empty, money may go " +
					"nowhere. Dangerous: * allows every destination."},
			"end_users": {Type: framework.TypeCommaStringSlice, Example: "0b5bd3a2-1b0e-4d3c-9a55-6f0a4f2f7c11",
				Text: "Ids of identities and accounts that a body may name. If it is empty, a body that names one is " +
					"refused. Dangerous: * allows all."},
			"limits": {Type: framework.TypeKVPairs, Example: "USDC=1000.50",
				Text: "For each asset: the most that one request may move. An asset that is not named is refused. A write " +
					"replaces the whole map."},
			"daily_limits": {Type: framework.TypeKVPairs, Example: "USDC=10000", Otherwise: "no daily limit",
				Text: "For each asset: the most that all requests of this signer together may move in 24 hours. Each " +
					"asset must be in limits too. A write replaces the whole map."},
			"unlimited_operations": {Type: framework.TypeCommaStringSlice, Example: "AffirmTransaction",
				Text: "Dangerous. Operations that may be signed although their request does not state the amount. Each " +
					"must be in operations too."},
			"extra_fields": {Type: framework.TypeCommaStringSlice, Example: "new_field",
				Text: "Dangerous. Top-level fields that a body may have although this version of the engine does not know " +
					"what they do."},
			"disabled": {Type: framework.TypeBool, Example: "true", Text: "Whether the signer signs nothing."},
			"metadata": spec.Metadata(),
		}.Fields(),
		Operations: spec.Operations{
			logical.ReadOperation: spec.Displayed(spec.OnActive(b.readSigner, "Read a signer, and what is left of its "+
				"daily limits.", spec.Body("The signer.", signerAnswer)), "read", "signer"),
			logical.CreateOperation: spec.Displayed(spec.OnActive(b.writeSigner, "Create a signer.",
				spec.NoBody("Stored.")), "write", "signer"),
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.writeSigner,
				"Create a signer, or change it. Parameters that are left out keep their value. A map is replaced as a "+
					"whole.",
				spec.NoBody("Stored.")), "write", "signer"),
			logical.PatchOperation: spec.Displayed(spec.OnActive(b.patchSigner,
				"Change parts of a signer that exists. null resets a parameter to its default.",
				spec.NoBody("Stored.")), "patch", "signer"),
			logical.DeleteOperation: spec.Displayed(spec.OnActive(b.deleteSigner, "Delete a signer.",
				spec.NoBody("Deleted.")), "delete", "signer"),
		},
	}
}

// signerAnswer are the fields that a read of a signer returns.
var signerAnswer = spec.Fields{
	"key":          spec.Required(framework.TypeString, "The key that signs."),
	"operations":   spec.Required(framework.TypeStringSlice, "The operations that may be signed."),
	"sources":      spec.Required(framework.TypeStringSlice, "The profiles that may pay."),
	"destinations": spec.Required(framework.TypeStringSlice, "Where money may go."),
	"end_users":    spec.Required(framework.TypeStringSlice, "Identities and accounts that a body may name."),
	"limits":       spec.Required(framework.TypeKVPairs, "For each asset: the most for one request."),
	"daily_limits": spec.Required(framework.TypeKVPairs, "For each asset: the most for all requests in 24 hours."),
	"daily_usage": spec.Required(framework.TypeMap,
		"For each asset of daily_limits: limit, used, left and next_at (when more is left, RFC 3339; empty if nothing "+
			"is used)."),
	"unlimited_operations": spec.Required(framework.TypeStringSlice,
		"Operations that may be signed although their request does not state the amount."),
	"extra_fields": spec.Required(framework.TypeStringSlice,
		"Fields that a body may have although the engine does not know what they do."),
	"disabled":   spec.Required(framework.TypeBool, "Whether the signer signs nothing."),
	"metadata":   spec.Required(framework.TypeKVPairs, "Key-value pairs for people and reports."),
	"created_at": spec.Required(framework.TypeString, "When the signer was created (RFC 3339)."),
	"dangerous_options": spec.Required(framework.TypeStringSlice,
		"Options in force that weaken security, each with the reason."),
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
A signer says what one application may have signed. What is empty allows nothing. Vault
policies say who may write to sign/<signer>.

    vault write paxos/signers/payouts key=payments operations=CreateCryptoWithdrawal \
        sources=<profile id> destinations=crypto:ETHEREUM:<address> \
        limits=USDC=1000 daily_limits=USDC=10000

The engine knows which fields of a body move money. It refuses a body that has a field
it does not know. It does not count fees that Paxos adds to an amount.

A payment counts against daily limits for 24 hours and 35 minutes after it was last
signed, even if it fails or is canceled at Paxos. The same request counts once, however
often it is signed. A read shows what is left.

These limits protect you only if Paxos enforces signatures for the client. Otherwise an
access token alone is enough to pay.
`
