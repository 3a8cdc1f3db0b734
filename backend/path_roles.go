package backend

import (
	"context"
	"errors"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
	"vault-plugin-secrets-paxos/backend/usage"
)

func (b *backend) pathRoles() *framework.Path {
	return spec.Listing{
		Pattern: rolesPrefix + "?$", Item: "Role", Entries: true, Suffix: "roles",
		Synopsis: "List the roles.", Summary: "List the roles.", Active: true,
		Answer: spec.Body("The names.", spec.DescribedList("For each role: credential_type, client (for "+
			"client_credentials: all of them), risk, state (active, disabled, or forbidden by the guardrails) and "+
			"live_tokens.")),
		List: b.listRoles,
	}.Path()
}

func (b *backend) pathRole() *framework.Path {
	return &framework.Path{
		Pattern:         rolesPrefix + spec.NamePattern + "$",
		HelpSynopsis:    "A role: the scopes that its readers get, and for how long.",
		HelpDescription: roleHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos", ItemType: "Role"},
		ExistenceCheck:  spec.EntryExists,
		Fields: spec.Parameters{
			"name": spec.Name("Name of the role. It is case-sensitive.", "mint"),
			"credential_type": {
				Type: framework.TypeString, Default: accessToken, Allowed: []string{accessToken, clientCredentials},
				Example: clientCredentials,
				Text: "What readers get: access_token, or client_credentials for software that must have a Client ID and " +
					"Client Secret itself. Fixed by the first write.",
			},
			"client": {Type: framework.TypeString, Otherwise: "the root client", Example: "mint-1",
				Text: "The client under clients/, of purpose mint, that requests the role's tokens."},
			"clients": {Type: framework.TypeCommaStringSlice, Example: "vendor-1,vendor-2",
				Text: "Required with client_credentials, and only for it: the clients under clients/, of purpose lease, " +
					"that the role leases. Each is leased to one reader at a time."},
			"on_revoke": {
				Type: framework.TypeString, Default: onRevokeQuarantine, Example: onRevokeDelete,
				Allowed: []string{onRevokeQuarantine, onRevokeDelete, onRevokeReturn},
				Text: "Only with client_credentials: what happens to a client when its lease ends. quarantine: it waits " +
					"for a new secret. delete: it is deleted at Paxos and in Vault. return_unrotated (dangerous): the " +
					"next reader gets the secret that the last one knows.",
			},
			"max_leases_per_entity": {Type: framework.TypeInt, Default: defaultLeasesPerEntity, Example: "2",
				Text: "Only with client_credentials: how many clients of the role one Vault entity may lease at a time."},
			"delete_limit": {Type: framework.TypeInt, Default: defaultDeleteLimit, Example: "3",
				Text: "Only with on_revoke=delete: maximum deletions at Paxos in 24 hours. Further clients go into " +
					"quarantine."},
			"require_entity": {Type: framework.TypeBool, Example: "true",
				Text: "Only with client_credentials: whether to refuse callers whose Vault token belongs to no entity. " +
					"Without an entity, each Vault token counts as a holder of its own, and so does each of its child " +
					"tokens."},
			"scopes": {Type: framework.TypeCommaStringSlice, Example: "funding:read_profile,transfer:read_transfer",
				Text: "The scopes of the role, as an array, or as a text with commas or spaces. The role gets the scopes " +
					"of scopes, scope_sets and operations together. With access_token, at least one of the three is " +
					"required."},
			"scope_sets": {Type: framework.TypeCommaStringSlice, Example: "mint-redeem-convert",
				Text: "Names of scope sets (scope-sets/). The role gets the scopes that the sets have at the time of the " +
					"write."},
			"operations": {Type: framework.TypeCommaStringSlice, Example: "GetTransfer,ListTransfers",
				Text: "Operations of Paxos's API by operationId (operations/). The role gets only the scopes that they " +
					"need."},
			"unique_tokens": {
				Type: framework.TypeBool, Example: "true",
				Text: "Whether each lease has a token of its own, which is revoked with the lease. Then every read costs " +
					"one token request at Paxos, which allows about one per second for your whole IP address.",
			},
			"ttl": {Type: framework.TypeDurationSecond, Example: "30m", Otherwise: "0s, the mount's default lease TTL",
				Text: "Length of a lease. It never lasts longer than its token."},
			"max_ttl": {Type: framework.TypeDurationSecond, Example: "45m", Otherwise: "0s, the max_ttl of the guardrails",
				Text: "Maximum length of a lease, with all its renewals."},
			"min_ttl": {Type: framework.TypeDurationSecond, Default: defaultMinTTL, Example: "10m",
				Text: "Minimum remaining lifetime of a returned token. At most half of its lifetime counts."},
			"idle_ttl": {Type: framework.TypeDurationSecond, Default: defaultIdleTTL, Example: "0s",
				Text: "How long a shared token stays valid after its last lease has ended, before it is revoked. With 0s " +
					"it is revoked at once."},
			"poll_interval": {
				Type: framework.TypeDurationSecond, Default: defaultPollInterval, Example: "1m",
				Text: "Longest time, from 10s to 1h, after which a reader of token/<name> is told to read again. A reader " +
					"may use a revoked token for that long.",
			},
			"grace": graceField(),
			"mint_limit": {
				Type: framework.TypeInt, Example: "30", Otherwise: "12, or 60 with unique_tokens",
				Text: "Maximum token requests that reads of this role may cause in any 5 minutes, from 1 to 300. 0 means " +
					"the default. The limit keeps one application from using the whole budget.",
			},
			"disabled": {Type: framework.TypeBool, Example: "true",
				Text: "Whether the role issues nothing. Its valid tokens are revoked."},
			"metadata": spec.Metadata(),
		}.Fields(),
		Operations: spec.Operations{
			logical.ReadOperation: spec.Displayed(spec.OnActive(b.readRole, "Read a role.",
				spec.Body("The role.", roleAnswer)), "read", "role"),
			logical.CreateOperation: spec.Displayed(spec.OnActive(b.writeRole, "Create a role.", spec.NoBody("Stored.")),
				"write", "role"),
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.writeRole,
				"Create a role, or change it. Parameters that are left out keep their value.",
				spec.NoBody("Stored.")), "write", "role"),
			logical.PatchOperation: spec.Displayed(spec.OnActive(b.patchRole,
				"Change parts of a role that exists. null resets a parameter to its default.",
				spec.NoBody("Stored.")), "patch", "role"),
			logical.DeleteOperation: spec.Displayed(spec.OnActive(b.deleteRole, "Delete a role, and revoke its tokens.",
				spec.NoBody("Deleted.")), "delete", "role"),
		},
	}
}

// roleAnswer are the fields of a role that is read.
var roleAnswer = spec.Fields{
	"credential_type": spec.Required(framework.TypeString, "access_token or client_credentials: what readers get."),
	"scopes":          spec.Required(framework.TypeStringSlice, "The scopes as they were written."),
	"scope_sets":      spec.Required(framework.TypeStringSlice, "The scope sets as they were written."),
	"operations":      spec.Required(framework.TypeStringSlice, "The operations as they were written."),
	"resolved_scopes": spec.Required(framework.TypeStringSlice,
		"The scopes that tokens of the role are requested for."),
	"scope_sources": spec.Required(framework.TypeMap,
		"For each scope, where it comes from: scopes, \"scope_sets: <name>\" or \"operations: <id>\"."),
	"operations_beyond": {Type: framework.TypeStringSlice,
		Description: "Other operations that the scopes of the role allow. Only if the role was written with operations."},
	"unique_tokens": spec.Required(framework.TypeBool, "Whether each lease has a token of its own."),
	"ttl":           spec.Required(framework.TypeInt64, "Length of a lease in seconds. 0: the mount's default lease TTL."),
	"max_ttl": spec.Required(framework.TypeInt64,
		"Maximum length of a lease in seconds. 0: the max_ttl of the guardrails."),
	"min_ttl": spec.Required(framework.TypeInt64, "Minimum remaining lifetime of a returned token, in seconds."),
	"idle_ttl": spec.Required(framework.TypeInt64,
		"Seconds that a shared token stays valid after its last lease has ended."),
	"poll_interval": spec.Required(framework.TypeInt64,
		"Longest time in seconds after which a reader of token/<name> is told to read again."),
	"mint_limit": spec.Required(framework.TypeInt, "Maximum token requests of the role in any 5 minutes."),
	"disabled":   spec.Required(framework.TypeBool, "Whether the role issues nothing."),
	"metadata":   spec.Required(framework.TypeKVPairs, "Key-value pairs for people and reports."),
	"created_at": spec.Required(framework.TypeString,
		"When the role was created (RFC 3339). Empty if a version created it that did not record the time."),
	"last_issued_at": spec.Required(framework.TypeString,
		"When the role last issued a token or a client (RFC 3339). Up to 10 minutes old after a restart. Empty if it "+
			"never did."),
	"live_tokens": spec.Required(framework.TypeInt, "Valid tokens of the role."),
	"live_leases": spec.Required(framework.TypeInt, "Leases on these tokens, since the plugin started."),
	"dangerous_options": spec.Required(framework.TypeStringSlice,
		"Options in force that weaken security or are expensive, each with the reason."),
	"client": spec.Required(framework.TypeString,
		"The client that the tokens are requested with. Empty for the root client."),
	"clients": spec.Required(framework.TypeStringSlice, "The clients that the role leases."),
	"on_revoke": spec.Required(framework.TypeString,
		"What happens to a client when its lease ends. Empty for credential_type=access_token."),
	"max_leases_per_entity": spec.Required(framework.TypeInt,
		"How many clients of the role one Vault entity may lease at a time. 0 for credential_type=access_token."),
	"require_entity": spec.Required(framework.TypeBool,
		"Whether callers whose Vault token belongs to no entity are refused."),
	"delete_limit": spec.Required(framework.TypeInt,
		"Maximum deletions at Paxos in 24 hours. 0 for credential_type=access_token."),
}

// readRole answers GET roles/:name.
func (b *backend) readRole(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("name").(string)
	r, err := loadRole(ctx, req.Storage, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil // Vault answers 404
	}
	if err != nil {
		return nil, err
	}
	if err := b.usage.Load(ctx, req.Storage); err != nil {
		return nil, err
	}
	tokens, leases, err := b.broker.Count(ctx, func(row broker.Row) bool { return row.Key.Role == r.ID })
	if err != nil {
		return nil, err
	}
	metadata := r.Metadata
	if metadata == nil {
		metadata = map[string]string{}
	}
	data := map[string]any{
		"credential_type":   r.CredentialType,
		"scopes":            input.SplitList(r.Scopes), // an older version stored scopes without splitting them
		"scope_sets":        append([]string{}, r.ScopeSets...),
		"operations":        append([]string{}, r.Operations...),
		"resolved_scopes":   append([]string{}, r.ResolvedScopes...),
		"scope_sources":     r.sources(),
		"unique_tokens":     r.UniqueTokens,
		"ttl":               spec.Seconds(r.TTL),
		"max_ttl":           spec.Seconds(r.MaxTTL),
		"min_ttl":           spec.Seconds(r.MinTTL),
		"idle_ttl":          spec.Seconds(r.IdleTTL),
		"poll_interval":     spec.Seconds(r.pollInterval()),
		"mint_limit":        r.mintLimit(),
		"disabled":          r.Disabled,
		"metadata":          metadata,
		"created_at":        spec.Timestamp(r.CreatedAt),
		"last_issued_at":    spec.Timestamp(b.usage.Last(usage.Role(name))),
		"live_tokens":       tokens,
		"live_leases":       leases,
		"dangerous_options": r.dangers(),

		"client":                r.Client,
		"clients":               append([]string{}, r.Clients...),
		"on_revoke":             r.OnRevoke,
		"max_leases_per_entity": r.MaxLeasesPerEntity,
		"delete_limit":          r.DeleteLimit,
		"require_entity":        r.RequireEntity,
	}
	if len(r.Operations) > 0 {
		data["operations_beyond"] = identifiers(catalog.Beyond(r.ResolvedScopes, r.Operations))
	}
	return &logical.Response{Data: data}, nil
}

// writeRole answers POST roles/:name. Parameters left out keep their value.
func (b *backend) writeRole(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	return b.changeRole(ctx, req, d, true)
}

// patchRole answers PATCH roles/:name. It creates no role.
func (b *backend) patchRole(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	return b.changeRole(ctx, req, d, false)
}

const roleHelp = `
A role names scopes, or operations that need them. Readers of creds/<name> and
token/<name> get an access token with exactly these scopes. It is requested with the
root client, or with the client that the role names. That client must have all scopes
of the role: if one is missing, Paxos rejects the whole request.

    vault write paxos/roles/tracker operations=GetTransfer,ListTransfers
    vault write paxos/roles/mint scopes=funding:read_profile,transfer:read_transfer

By default the readers of a role share a token. It is refreshed before it expires, and
revoked idle_ttl after its last lease has ended. After a restart of the plugin, the
engine does not know who leases the token. It then stays valid until it expires, at most
an hour, unless you write to roles/<name>/rotate. With unique_tokens=true, every lease
has a token of its own, which is revoked with the lease. Then every read costs one token
request at Paxos, which allows about one per second for your whole IP address.

The role gets the scopes of scopes, scope_sets and operations together. A read shows
them as resolved_scopes, and scope_sources says where each comes from. For operations,
the role gets only the scopes that they need. If Paxos accepts one of several scopes,
the engine takes one that the role has already, or the one that allows less.
operations_beyond lists what the role allows in addition, because Paxos has no smaller
scope.

A stored role never changes by itself: not when a scope set is changed or deleted, and
not when the plugin is upgraded. A write with scopes, scope_sets or operations works out
the scopes of all three again. Any other write leaves resolved_scopes as they are.

When a role gets fewer scopes, is disabled or is deleted, its tokens that exceed it are
revoked. Scopes that config/guardrails does not allow are refused with 403, when the
role is written and when it is read.
`
