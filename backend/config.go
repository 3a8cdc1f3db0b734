package backend

import (
	"context"
	"net/netip"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/store"
)

// The environments of Paxos. The first write of config names the mount's environment, which never
// changes afterwards.
const (
	environmentProduction = "production"
	environmentSandbox    = "sandbox"
	environmentCustom     = "custom"
)

// config is what an operator sets for the whole mount.
type config struct {
	store.Versioned
	Environment      string        `json:"environment"`
	VerifyScope      string        `json:"verify_scope"`
	RefreshAt        float64       `json:"refresh_at"`
	CredentialMaxAge time.Duration `json:"credential_max_age"`
	TokenBudget      int           `json:"token_budget"` // per 5 minutes; 0: no limit of the mount's own
	APIRate          int           `json:"api_rate"`     // calls a second
	EgressCIDRs      []string      `json:"egress_cidrs"`
	// StandbyClients is from a version in which clients had no purpose. It shows which stored
	// clients are standbys: see settlePurposes.
	StandbyClients []string `json:"standby_clients,omitempty"`
	// EntryID is random. It tells a config from one that was deleted and written again.
	EntryID string `json:"entry_id,omitempty"`
}

// The defaults of config.
const (
	defaultVerifyScope      = "funding:read_profile" // the scope that the first call in Paxos's guide needs
	defaultRefreshAt        = 0.75
	defaultCredentialMaxAge = 90 * 24 * time.Hour
)

// maximumAPIRate is the limit, in calls a second, that Paxos documents for endpoints without a
// limit of their own (docs.paxos.com/guides/developer/rate-limits).
const maximumAPIRate = 50

// change applies the parameters of a request to the config, and returns an error for the caller if
// the result is not allowed.
func (c *config) change(d *framework.FieldData) error {
	environment := c.Environment
	input.Patch(d, "environment", &environment)
	switch {
	case environment != environmentProduction && environment != environmentSandbox && environment != environmentCustom:
		return fault.BadRequest("environment must be production, sandbox or custom.")
	case c.Environment != "" && c.Environment != environment:
		return fault.BadRequest("environment cannot be changed after the first write (it is %s). Enable another "+
			"mount for %s.",
			c.Environment, environment)
	}
	c.Environment = environment
	input.Patch(d, "verify_scope", &c.VerifyScope)
	input.Patch(d, "refresh_at", &c.RefreshAt)
	input.PatchSeconds(d, "credential_max_age", &c.CredentialMaxAge)
	input.Patch(d, "token_budget", &c.TokenBudget)
	if c.APIRate == 0 { // stored by a version without this setting
		c.APIRate = limits.DefaultCallRate
	}
	input.Patch(d, "api_rate", &c.APIRate)
	input.Patch(d, "egress_cidrs", &c.EgressCIDRs)
	if err := c.checkLimits(); err != nil {
		return err
	}
	if err := input.CheckScope(c.VerifyScope); err != nil {
		return fault.BadRequest("verify_scope must be one scope, such as %s.", defaultVerifyScope)
	}
	if c.RefreshAt < 0.1 || c.RefreshAt > 0.95 {
		return fault.BadRequest("refresh_at must be between 0.1 and 0.95. It is the share of a token's lifetime after " +
			"which the token is refreshed.")
	}
	return nil
}

// checkLimits checks the limits on the mount's calls, and the address blocks.
func (c *config) checkLimits() error {
	switch {
	case c.TokenBudget < 0 || c.TokenBudget > limits.MaximumBudget:
		return fault.BadRequest("token_budget must be between 1 and %d token requests per 5 minutes, or 0 for no "+
			"separate limit.", limits.MaximumBudget)
	case c.APIRate < 1 || c.APIRate > maximumAPIRate:
		return fault.BadRequest("api_rate must be between 1 and %d calls per second.", maximumAPIRate)
	}
	for _, block := range c.EgressCIDRs {
		if _, err := netip.ParsePrefix(block); err != nil {
			return fault.BadRequest("egress_cidrs contains %s, which is not an address block such as 203.0.113.0/24.",
				input.Excerpt(block))
		}
	}
	return nil
}

// newConfig returns the config that the first write changes.
func newConfig() config {
	return config{
		Versioned: store.Current, VerifyScope: defaultVerifyScope,
		RefreshAt: defaultRefreshAt, CredentialMaxAge: defaultCredentialMaxAge, APIRate: limits.DefaultCallRate,
	}
}

// endpoints returns the fixed URLs of an environment, and whether it has any. The URLs of custom
// are in the connection.
func endpoints(environment string) (paxos.Endpoints, bool) {
	switch environment {
	case environmentProduction:
		return paxos.Production, true
	case environmentSandbox:
		return paxos.Sandbox, true
	}
	return paxos.Endpoints{}, false
}

// callRate returns how many revocations and API calls the mount may make a second. If config cannot
// be read, it is the default.
func (b *backend) callRate(ctx context.Context) int {
	c, err := b.cachedConfig(ctx, b.storage)
	if err != nil || c.APIRate < 1 {
		return limits.DefaultCallRate
	}
	return c.APIRate
}

// loadConfig reads the config from storage. Its error is store.ErrNotFound if there is none.
func loadConfig(ctx context.Context, s logical.Storage) (config, error) {
	return store.Load[config](ctx, s, configKey)
}

// cachedConfig returns the config from memory or storage. Its error is store.ErrNotFound if there
// is none.
func (b *backend) cachedConfig(ctx context.Context, s logical.Storage) (config, error) {
	return b.entries.config.Get(ctx, s, configKey)
}
