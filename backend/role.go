package backend

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/store"
)

// Values of credential_type: what readers of a role get.
const (
	accessToken       = "access_token"
	clientCredentials = "client_credentials"
)

// Values of on_revoke: what happens to a client at the end of its lease.
const (
	onRevokeQuarantine = "quarantine"
	onRevokeDelete     = "delete"
	onRevokeReturn     = "return_unrotated"
)

// Defaults of every role.
const (
	defaultMinTTL  = 5 * time.Minute
	defaultIdleTTL = 5 * time.Minute
)

// The default and the bounds of poll_interval, the longest time that a reader of token/ is told to
// wait before it reads again.
const (
	defaultPollInterval = 5 * time.Minute
	minimumPollInterval = 10 * time.Second
	maximumPollInterval = time.Hour
)

// Defaults of mint_limit, the token requests that a role may cause in any 5 minutes. Readers that
// share tokens need few. Where each reader gets a token of its own, two roles at their limit use up
// the half of the budget that such tokens may take.
const (
	defaultMintLimit       = 12
	defaultUniqueMintLimit = 60
)

// Defaults of roles that lease clients.
const (
	defaultLeasesPerEntity = 1
	defaultDeleteLimit     = 10
)

// schemaOfRequireEntity is the schema of roles that use require_entity. Every further restriction takes
// the next number: a plugin that knows this one would ignore it. A number that was released is never
// used again.
const schemaOfRequireEntity = 2

// A role says what its readers get, and for how long.
type role struct {
	store.Versioned
	// ID is random. A role gets a new one when all its tokens are to end, by a rotation or because
	// it was deleted and created again. A token belongs to the ID that its role had then, so no
	// token of the old ID is issued under the new one.
	ID             string            `json:"id"`
	CredentialType string            `json:"credential_type"`
	Scopes         []string          `json:"scopes"`          // as written
	ResolvedScopes []string          `json:"resolved_scopes"` // what tokens are requested for
	UniqueTokens   bool              `json:"unique_tokens"`
	TTL            time.Duration     `json:"ttl"`
	MaxTTL         time.Duration     `json:"max_ttl"`
	MinTTL         time.Duration     `json:"min_ttl"`
	IdleTTL        time.Duration     `json:"idle_ttl"`
	PollInterval   time.Duration     `json:"poll_interval,omitempty"` // 0: stored by a version without it
	MintLimit      int               `json:"mint_limit"`              // 0: the default, which depends on UniqueTokens
	Disabled       bool              `json:"disabled"`
	Metadata       map[string]string `json:"metadata"`
	// Client names the stored client that tokens are requested with. It is empty for the root
	// client.
	Client string `json:"client,omitempty"`

	// What the role was written with besides Scopes.
	ScopeSets  []string `json:"scope_sets,omitempty"`
	Operations []string `json:"operations,omitempty"`
	// Sources says which parameters each scope comes from. It is nil if all come from Scopes.
	Sources map[string][]string `json:"scope_sources,omitempty"`

	leasing
	CreatedAt time.Time `json:"created_at,omitzero"`
}

// leasing has the fields of roles with credential_type client_credentials only.
type leasing struct {
	Clients            []string `json:"clients,omitempty"` // the pool; the first free one is leased
	OnRevoke           string   `json:"on_revoke,omitempty"`
	MaxLeasesPerEntity int      `json:"max_leases_per_entity,omitempty"`
	DeleteLimit        int      `json:"delete_limit,omitempty"`
	RequireEntity      bool     `json:"require_entity,omitempty"` // raises the schema, see writtenAs
}

// newRole is a role with the defaults, as it is before the first write.
func newRole() role {
	return role{Versioned: store.Current, ID: newRoleID(), CredentialType: accessToken, MinTTL: defaultMinTTL,
		IdleTTL: defaultIdleTTL, PollInterval: defaultPollInterval}
}

// newRoleID returns a random ID.
func newRoleID() string { return rand.Text() }

// LatestSchema is the newest schema of roles that this version can read.
func (r role) LatestSchema() int { return schemaOfRequireEntity }

// writtenAs returns the version to store the role with. A plugin that is too old to know
// require_entity would ignore the restriction, so it must refuse such a role. It may read all
// others.
func (r role) writtenAs() store.Versioned {
	if r.RequireEntity {
		return store.Versioned{Schema: schemaOfRequireEntity}
	}
	return store.Current
}

// change applies the parameters of a request and checks the whole role. lookup returns the scopes
// of a scope set.
func (r *role) change(d *framework.FieldData, lookup func(set string) ([]string, error)) error {
	input.Patch(d, "credential_type", &r.CredentialType)
	input.Patch(d, "unique_tokens", &r.UniqueTokens)
	input.PatchSeconds(d, "ttl", &r.TTL)
	input.PatchSeconds(d, "max_ttl", &r.MaxTTL)
	input.PatchSeconds(d, "min_ttl", &r.MinTTL)
	input.PatchSeconds(d, "idle_ttl", &r.IdleTTL)
	input.PatchSeconds(d, "poll_interval", &r.PollInterval)
	input.Patch(d, "mint_limit", &r.MintLimit)
	input.Patch(d, "disabled", &r.Disabled)
	input.Patch(d, "metadata", &r.Metadata)
	input.Patch(d, "client", &r.Client)
	if err := r.resolve(d, lookup); err != nil {
		return err
	}
	switch {
	case r.CredentialType != accessToken && r.CredentialType != clientCredentials:
		return fault.BadRequest("credential_type must be %s or %s.", accessToken, clientCredentials)
	case len(r.ResolvedScopes) == 0 && r.CredentialType == accessToken:
		return fault.BadRequest("scopes, scope_sets or operations must give the role at least one scope, such as " +
			"funding:read_profile.")
	case r.Client != "" && !input.ValidName(r.Client):
		return fault.BadRequest("client must be the name of a client under clients/.")
	case r.MaxTTL > 0 && r.TTL > r.MaxTTL:
		return fault.BadRequest("ttl must not be greater than max_ttl.")
	case r.MintLimit < 0 || r.MintLimit > limits.MaximumBudget:
		return fault.BadRequest("mint_limit must be between 1 and %d token requests per 5 minutes, or 0 for the "+
			"default.", limits.MaximumBudget)
	}
	if err := r.changeLeasing(d); err != nil {
		return err
	}
	return fault.Invalid(input.CheckMetadata(r.Metadata))
}

// changeLeasing applies and checks the parameters that belong to roles of one credential_type only.
// It refuses those of the other type.
func (r *role) changeLeasing(d *framework.FieldData) error {
	if r.CredentialType == accessToken {
		return refuseGiven(d, clientCredentials, "clients", "on_revoke", "max_leases_per_entity", "delete_limit",
			"require_entity")
	}
	if err := refuseGiven(d, accessToken, "client", "unique_tokens", "min_ttl", "idle_ttl", "poll_interval",
		"grace", "mint_limit"); err != nil {
		return err
	}
	if r.OnRevoke == "" { // a new role
		r.leasing = leasing{OnRevoke: onRevokeQuarantine, MaxLeasesPerEntity: defaultLeasesPerEntity,
			DeleteLimit: defaultDeleteLimit}
	}
	input.Patch(d, "clients", &r.Clients)
	input.Patch(d, "on_revoke", &r.OnRevoke)
	input.Patch(d, "max_leases_per_entity", &r.MaxLeasesPerEntity)
	input.Patch(d, "delete_limit", &r.DeleteLimit)
	input.Patch(d, "require_entity", &r.RequireEntity)
	switch {
	case len(r.Clients) == 0:
		return fault.BadRequest("clients must name at least one client under clients/.")
	case !slices.Contains([]string{onRevokeQuarantine, onRevokeDelete, onRevokeReturn}, r.OnRevoke):
		return fault.BadRequest("on_revoke must be %s, %s or %s.", onRevokeQuarantine, onRevokeDelete, onRevokeReturn)
	case r.MaxLeasesPerEntity < 1:
		return fault.BadRequest("max_leases_per_entity must be at least 1.")
	case r.DeleteLimit < 0:
		return fault.BadRequest("delete_limit must be at least 0, where 0 means that no client is deleted.")
	}
	for _, name := range r.Clients {
		if !input.ValidName(name) {
			return fault.BadRequest("clients contains %s, which is not the name of a client under clients/.",
				input.Excerpt(name))
		}
	}
	return nil
}

// refuseGiven refuses parameters that belong to roles of the other credential_type.
func refuseGiven(d *framework.FieldData, other string, names ...string) error {
	for _, name := range names {
		if _, ok := d.Raw[name]; ok {
			return fault.BadRequest("%s is only for roles with credential_type=%s.", name, other)
		}
	}
	return nil
}

// pollInterval is the poll interval of the role, or the default if the role was stored by a version
// without it.
func (r role) pollInterval() time.Duration {
	if r.PollInterval == 0 {
		return defaultPollInterval
	}
	return r.PollInterval
}

// mintLimit is the most token requests that the role may cause in 5 minutes. A role without a limit
// of its own has the default of its kind.
func (r role) mintLimit() int {
	switch {
	case r.MintLimit > 0:
		return r.MintLimit
	case r.UniqueTokens:
		return defaultUniqueMintLimit
	}
	return defaultMintLimit
}

// identity tells a role from another that is created later under the same name. A rotation gives
// the role a new ID but keeps its identity.
func (r role) identity() string {
	if r.CreatedAt.IsZero() { // created by a version that did not store the time
		return r.ID
	}
	return r.CreatedAt.UTC().Format(time.RFC3339Nano)
}

// holds reports whether the role has all these scopes.
func (r role) holds(scopes []string) bool {
	has := map[string]bool{}
	for _, scope := range r.ResolvedScopes {
		has[scope] = true
	}
	for _, scope := range scopes {
		if !has[scope] {
			return false
		}
	}
	return true
}

// takesAway reports whether the change from r to after ends tokens that were issued before.
func (r role) takesAway(after role) bool {
	return after.Disabled || after.Client != r.Client || !after.holds(r.ResolvedScopes)
}

// dangers describes the options in force that weaken or cost something.
func (r role) dangers() []string {
	dangers := []string{}
	if r.OnRevoke == onRevokeReturn {
		dangers = append(dangers,
			"on_revoke=return_unrotated: the next holder of a client gets a secret that the previous holder knows")
	}
	if r.UniqueTokens {
		dangers = append(dangers,
			"unique_tokens: every read requests a new token. Paxos allows about 300 per 5 minutes for your whole "+
				"IP address")
	}
	return dangers
}

// role returns the role of that name from memory or storage. A role that does not exist is the
// error of the caller.
func (b *backend) role(ctx context.Context, s logical.Storage, name string) (role, error) {
	r, err := b.cachedRole(ctx, s, name)
	if errors.Is(err, store.ErrNotFound) {
		return r, noSuchRole(name)
	}
	return r, err
}

// noSuchRole refuses the name of a role that does not exist.
func noSuchRole(name string) error {
	return fault.BadRequest("Role %q does not exist. List roles with `vault list %sroles`.", name, mountMark)
}

// cachedRole returns the role of that name from memory or storage.
func (b *backend) cachedRole(ctx context.Context, s logical.Storage, name string) (role, error) {
	return b.entries.roles.Get(ctx, s, rolesPrefix+name)
}

// loadRole reads the role of that name from storage.
func loadRole(ctx context.Context, s logical.Storage, name string) (role, error) {
	return store.Load[role](ctx, s, rolesPrefix+name)
}

// eachRole calls visit with every stored role, in order of name. It skips a role that cannot be
// read: such a role issues nothing, and report/least-privilege names it.
func eachRole(ctx context.Context, s logical.Storage, visit func(name string, r role)) error {
	return store.Each(ctx, s, rolesPrefix, func(name string, r role) error {
		visit(name, r)
		return nil
	}, nil)
}
