package backend

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/store"
)

// The types of credential that a role gives.
const (
	accessToken       = "access_token"
	clientCredentials = "client_credentials"
)

// A role says what its readers get, and for how long.
type role struct {
	store.Versioned
	// ID is random, and new whenever all that was issued under the role is to end:
	// a role made again under an old name, or rotated, inherits nothing.
	ID             string            `json:"id"`
	CredentialType string            `json:"credential_type"`
	Scopes         []string          `json:"scopes"`          // as written
	ResolvedScopes []string          `json:"resolved_scopes"` // what Paxos is asked for
	UniqueTokens   bool              `json:"unique_tokens"`
	TTL            time.Duration     `json:"ttl"`
	MaxTTL         time.Duration     `json:"max_ttl"`
	MinTTL         time.Duration     `json:"min_ttl"`
	IdleTTL        time.Duration     `json:"idle_ttl"`
	PollInterval   time.Duration     `json:"poll_interval,omitempty"` // 0: stored before there was one
	MintLimit      int               `json:"mint_limit"`              // 0: the default of its kind
	Disabled       bool              `json:"disabled"`
	Metadata       map[string]string `json:"metadata"`
	Client         string            `json:"client,omitempty"` // the stocked client that mints; empty for the root

	// What the role is written by besides Scopes.
	ScopeSets  []string `json:"scope_sets,omitempty"`
	Operations []string `json:"operations,omitempty"`
	// what brought in each scope; none if Scopes did all
	Sources map[string][]string `json:"scope_sources,omitempty"`

	leasing             // what is for roles of client_credentials only
	CreatedAt time.Time `json:"created_at,omitzero"`
}

// schemaOfRestrictedRoles is the schema of roles that use require_entity.
const schemaOfRestrictedRoles = 2

// LatestSchema is that of this type alone.
func (r role) LatestSchema() int { return schemaOfRestrictedRoles }

// writtenAs is the version that the role is stored with: a plugin that is too old for what
// restricts it must refuse it, and may read all others.
func (r role) writtenAs() store.Versioned {
	if r.RequireEntity {
		return store.Versioned{Schema: schemaOfRestrictedRoles}
	}
	return store.Current
}

// Defaults of a role.
const (
	defaultMinTTL  = 5 * time.Minute
	defaultIdleTTL = 5 * time.Minute
)

// How long a reader of token/ is told at most to wait before it reads again.
const (
	defaultPollInterval = 5 * time.Minute
	minimumPollInterval = 10 * time.Second
	maximumPollInterval = time.Hour
)

// pollInterval is the role's, or the default of a role that was stored before there was one.
func (r role) pollInterval() time.Duration {
	if r.PollInterval == 0 {
		return defaultPollInterval
	}
	return r.PollInterval
}

// The token requests that a role may cause in any 5 minutes. Its readers share
// their tokens, so few are needed; where each gets its own, two such roles fill the
// half of the budget that is open to them.
const (
	defaultMintLimit       = 12
	defaultUniqueMintLimit = 60
)

// mintLimit is the role's limit, or the default of its kind.
func (r role) mintLimit() int {
	switch {
	case r.MintLimit > 0:
		return r.MintLimit
	case r.UniqueTokens:
		return defaultUniqueMintLimit
	}
	return defaultMintLimit
}

// newRole is a role before the first write.
func newRole() role {
	return role{Versioned: store.Current, ID: newRoleID(), CredentialType: accessToken, MinTTL: defaultMinTTL,
		IdleTTL: defaultIdleTTL, PollInterval: defaultPollInterval}
}

func newRoleID() string { return rand.Text() }

// change applies the parameters of a request to the role and judges the whole. It
// looks up what scope sets it names.
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
		return fault.BadRequest("credential_type must be %s or %s", accessToken, clientCredentials)
	case len(r.ResolvedScopes) == 0 && r.CredentialType == accessToken:
		return fault.BadRequest("scopes, scope_sets or operations must name something: one scope at least, such as " +
			"funding:read_profile")
	case r.Client != "" && !input.ValidName(r.Client):
		return fault.BadRequest("client must be the name of a client under clients/")
	case r.MaxTTL > 0 && r.TTL > r.MaxTTL:
		return fault.BadRequest("ttl must not be greater than max_ttl")
	case r.MintLimit < 0 || r.MintLimit > broker.MaximumBudget:
		return fault.BadRequest("mint_limit must lie between 1 and %d token requests per 5 minutes, or be 0 for "+
			"the default", broker.MaximumBudget)
	}
	if err := r.changeLeasing(d); err != nil {
		return err
	}
	return fault.Invalid(input.CheckMetadata(r.Metadata))
}

// identity tells the role from one that was made again under its name. A rotation, which
// gives it another ID, keeps it.
func (r role) identity() string {
	if r.CreatedAt.IsZero() { // made by an early version
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

// dangers names the options in force that weaken or cost something.
func (r role) dangers() []string {
	dangers := []string{}
	if r.OnRevoke == returnUnrotated {
		dangers = append(dangers,
			"on_revoke=return_unrotated: the next holder of a client gets a secret that the last one knows")
	}
	if r.UniqueTokens {
		dangers = append(dangers,
			"unique_tokens: every read costs one of about 300 token requests per 5 minutes that Paxos allows "+
				"everybody behind this address")
	}
	return dangers
}

// role returns the role of that name, from memory or storage.
func (b *backend) role(ctx context.Context, s logical.Storage, name string) (role, error) {
	r, err := b.cachedRole(ctx, s, name)
	if errors.Is(err, store.ErrNotFound) {
		return r, fault.BadRequest("Role %q does not exist. List roles with `vault list "+mountMark+"roles`.", name)
	}
	return r, err
}

// leasing is what a role of type client_credentials says beyond what every role does.
type leasing struct {
	Clients            []string `json:"clients,omitempty"` // the pool, in order
	OnRevoke           string   `json:"on_revoke,omitempty"`
	MaxLeasesPerEntity int      `json:"max_leases_per_entity,omitempty"`
	DeleteLimit        int      `json:"delete_limit,omitempty"`
	RequireEntity      bool     `json:"require_entity,omitempty"` // restricts: raises the role's schema
}

// What becomes of a client at the end of its lease.
const (
	quarantine      = "quarantine"
	deleteAtPaxos   = "delete"
	returnUnrotated = "return_unrotated"
)

// Defaults of such a role.
const (
	defaultLeasesPerEntity = 1
	defaultDeleteLimit     = 10
)

// changeLeasing applies the parameters of a request that are for roles of one type only,
// and judges them.
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
		r.leasing = leasing{OnRevoke: quarantine, MaxLeasesPerEntity: defaultLeasesPerEntity,
			DeleteLimit: defaultDeleteLimit}
	}
	input.Patch(d, "clients", &r.Clients)
	input.Patch(d, "on_revoke", &r.OnRevoke)
	input.Patch(d, "max_leases_per_entity", &r.MaxLeasesPerEntity)
	input.Patch(d, "delete_limit", &r.DeleteLimit)
	input.Patch(d, "require_entity", &r.RequireEntity)
	switch {
	case len(r.Clients) == 0:
		return fault.BadRequest("clients must name at least one client under clients/")
	case !slices.Contains([]string{quarantine, deleteAtPaxos, returnUnrotated}, r.OnRevoke):
		return fault.BadRequest("on_revoke must be %s, %s or %s", quarantine, deleteAtPaxos, returnUnrotated)
	case r.MaxLeasesPerEntity < 1:
		return fault.BadRequest("max_leases_per_entity must be at least 1")
	case r.DeleteLimit < 0:
		return fault.BadRequest("delete_limit must be 0, for no deletion at all, or more")
	}
	for _, name := range r.Clients {
		if !input.ValidName(name) {
			return fault.BadRequest("clients holds %s, which is not the name of a client under clients/",
				input.Excerpt(name))
		}
	}
	return nil
}

// refuseGiven refuses parameters that are for roles of the other type.
func refuseGiven(d *framework.FieldData, other string, names ...string) error {
	for _, name := range names {
		if _, ok := d.Raw[name]; ok {
			return fault.BadRequest("%s is for roles of credential_type %s", name, other)
		}
	}
	return nil
}

// eachRole visits the roles as they are stored, in order of name. One that cannot be read issues
// nothing and is passed over; report/least-privilege names it.
func eachRole(ctx context.Context, s logical.Storage, visit func(name string, r role)) error {
	return store.Each(ctx, s, rolesPrefix, func(name string, r role) error {
		visit(name, r)
		return nil
	}, nil)
}

// takesAway reports whether a change of the role ends tokens that were issued before it.
func (r role) takesAway(after role) bool {
	return after.Disabled || after.Client != r.Client || !after.holds(r.ResolvedScopes)
}

// loadRole reads the role of that name from storage.
func loadRole(ctx context.Context, s logical.Storage, name string) (role, error) {
	return store.Load[role](ctx, s, rolesPrefix+name)
}

// cachedRole returns the role of that name from memory or storage.
func (b *backend) cachedRole(ctx context.Context, s logical.Storage, name string) (role, error) {
	return b.entries.roles.Get(ctx, s, rolesPrefix+name)
}
