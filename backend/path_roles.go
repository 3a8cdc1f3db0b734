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
		HelpSynopsis:    "A role: the scopes its readers get, and for how long.",
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
				Text: "The scopes of the role. An array, or a text with commas or spaces between them. The role gets the " +
					"scopes of scopes, scope_sets and operations together. With access_token, at least one of the three " +
					"is required."},
			"scope_sets": {Type: framework.TypeCommaStringSlice, Example: "mint-redeem-convert",
				Text: "Names of scope sets (scope-sets/). The role gets the scopes that the sets have at the time of the " +
					"write."},
			"operations": {Type: framework.TypeCommaStringSlice, Example: "GetTransfer,ListTransfers",
				Text: "Operations of Paxos's API by operationId (operations/). The role gets the fewest scopes that allow " +
					"them."},
			"unique_tokens": {
				Type: framework.TypeBool, Example: "true",
				Text: "Whether each lease has a token of its own, which is revoked with the lease. Then every read costs " +
					"one token request at Paxos, which allows about one per second for your whole IP address.",
			},
			"ttl": {Type: framework.TypeDurationSecond, Example: "30m", Otherwise: "0s, the mount's default lease TTL",
				Text: "Length of a lease. It never lasts longer than its token."},
			"max_ttl": {Type: framework.TypeDurationSecond, Example: "45m", Otherwise: "0s, as long as the token is valid",
				Text: "Maximum length of a lease, also if a reader asks for more."},
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
			logical.CreateOperation: spec.Displayed(spec.OnActive(b.writeRole, "Make a role.", spec.NoBody("Stored.")),
				"write", "role"),
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.writeRole,
				"Make a role, or change it; parameters left out keep their value.",
				spec.NoBody("Stored.")), "write", "role"),
			logical.PatchOperation: spec.Displayed(spec.OnActive(b.patchRole,
				"Change parts of a role that exists; null gives a parameter its default back.",
				spec.NoBody("Stored.")), "patch", "role"),
			logical.DeleteOperation: spec.Displayed(spec.OnActive(b.deleteRole, "Delete a role and end its tokens.",
				spec.NoBody("Deleted.")), "delete", "role"),
		},
	}
}

// roleAnswer are the fields of a role that is read.
var roleAnswer = spec.Fields{
	"credential_type": spec.Required(framework.TypeString, "What readers get."),
	"scopes":          spec.Required(framework.TypeStringSlice, "The scopes as written."),
	"scope_sets":      spec.Required(framework.TypeStringSlice, "The scope sets as written."),
	"operations":      spec.Required(framework.TypeStringSlice, "The operations as written."),
	"resolved_scopes": spec.Required(framework.TypeStringSlice, "The scopes that Paxos is asked for."),
	"scope_sources": spec.Required(framework.TypeMap,
		"What brought in each scope: scopes, \"scope_sets: <name>\", \"operations: <id>\"."),
	"operations_beyond": {Type: framework.TypeStringSlice,
		Description: "Of a role that is written by operations: those that its scopes open besides."},
	"unique_tokens": spec.Required(framework.TypeBool, "Whether each lease has a token of its own."),
	"ttl":           spec.Required(framework.TypeInt64, "Length of a lease in seconds; 0 means the mount's default."),
	"max_ttl":       spec.Required(framework.TypeInt64, "Longest lease in seconds; 0 means the token's life."),
	"min_ttl":       spec.Required(framework.TypeInt64, "Least life of a token handed out, in seconds."),
	"idle_ttl":      spec.Required(framework.TypeInt64, "Seconds a shared token outlives its last lease."),
	"poll_interval": spec.Required(framework.TypeInt64,
		"The longest that a reader of token/ is told to wait before it reads again, in seconds."),
	"mint_limit": spec.Required(framework.TypeInt, "Most token requests in any 5 minutes."),
	"disabled":   spec.Required(framework.TypeBool, "Whether the role issues nothing."),
	"metadata":   spec.Required(framework.TypeKVPairs, "Free key-value pairs."),
	"created_at": spec.Required(framework.TypeString,
		"When the role was made (RFC 3339); empty where that was before it was noted."),
	"last_issued_at": spec.Required(framework.TypeString,
		"When it last issued a token (RFC 3339), up to 10 minutes late after a restart; empty if "+
			"it never did."),
	"live_tokens": spec.Required(framework.TypeInt, "Its tokens that have neither expired nor been revoked."),
	"live_leases": spec.Required(framework.TypeInt,
		"Leases that last on them, as far as the running plugin gave them."),
	"dangerous_options": spec.Required(framework.TypeStringSlice,
		"Options in force that weaken or cost something, and how."),

	"client":  spec.Required(framework.TypeString, "The client that mints; empty for the root."),
	"clients": spec.Required(framework.TypeStringSlice, "The clients that it leases."),
	"on_revoke": spec.Required(framework.TypeString,
		"What becomes of a leased client; empty for roles of access_token."),
	"max_leases_per_entity": spec.Required(framework.TypeInt,
		"How many of them one entity may hold; 0 for roles of access_token."),
	"require_entity": spec.Required(framework.TypeBool,
		"Whether callers whose Vault token belongs to no entity are refused."),
	"delete_limit": spec.Required(framework.TypeInt, "Most deletions in a day; 0 for roles of access_token."),
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
token/<name> get an access token with exactly these scopes, minted by the mount's
root client, which must hold them all: one that it lacks fails the whole request at
Paxos.

By default the readers of a role share a token, which is minted once, refreshed
before it expires and revoked idle_ttl after its last lease has ended. After a
restart it is not known any more who holds the token: then it lives until it
expires, an hour at most, unless it is ended with roles/<name>/rotate. With
unique_tokens every lease has its own, ended with the lease; each costs a token
request, of which Paxos allows about one a second for everybody behind the same
address.

scopes, scope_sets and operations add up; what comes of them is resolved_scopes,
and is all that counts from then on. operations gets the least scopes that allow
what it names: where Paxos accepts one of several, the one that the role has
anyway, else the one that opens less. A read tells what brought each scope in
(scope_sets: mint, operations: GetTransfer), and in operations_beyond what a role
written by operations can do besides, because Paxos has no smaller scope.

A stored role never changes by itself: not when a scope set is changed or deleted,
and not when a new version of this engine knows the API better. A write that names
scopes, scope_sets or operations resolves all three anew, as they are written and
as the sets are then; any other write leaves resolved_scopes as they are.

Narrowing, disabling or deleting a role ends the tokens that are now too much.
What config/guardrails does not allow is refused with 403, here and when it is read.
`
