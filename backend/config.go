package backend

import (
	"context"
	"net/netip"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/store"
)

// The environments a mount can be of. A mount never changes sides.
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
	TokenBudget      int           `json:"token_budget"` // 0: all that the process has
	APIRate          int           `json:"api_rate"`
	EgressCIDRs      []string      `json:"egress_cidrs"`
	// from before clients had a purpose: it gives them theirs
	StandbyClients []string `json:"standby_clients,omitempty"`
	// random: a config that is deleted and made again is another one
	EntryID string `json:"entry_id,omitempty"`
}

// Defaults of a mount.
const (
	defaultVerifyScope      = "funding:read_profile" // what Paxos's own first call needs
	defaultRefreshAt        = 0.75
	defaultCredentialMaxAge = 90 * 24 * time.Hour
)

// maximumAPIRate is what Paxos allows where it documents no other limit, calls a
// second (docs.paxos.com/guides/developer/rate-limits).
const maximumAPIRate = 50

// change applies the parameters of a request to the settings.
func (c *config) change(d *framework.FieldData) error {
	environment := c.Environment
	input.Patch(d, "environment", &environment)
	switch {
	case environment != environmentProduction && environment != environmentSandbox && environment != environmentCustom:
		return fault.BadRequest("environment must be production, sandbox or custom")
	case c.Environment != "" && c.Environment != environment:
		return fault.BadRequest("environment is %s for the life of this mount: enable another mount for %s",
			c.Environment, environment)
	}
	c.Environment = environment
	input.Patch(d, "verify_scope", &c.VerifyScope)
	input.Patch(d, "refresh_at", &c.RefreshAt)
	input.PatchSeconds(d, "credential_max_age", &c.CredentialMaxAge)
	input.Patch(d, "token_budget", &c.TokenBudget)
	if c.APIRate == 0 { // stored before there was a choice
		c.APIRate = broker.DefaultCallRate
	}
	input.Patch(d, "api_rate", &c.APIRate)
	input.Patch(d, "egress_cidrs", &c.EgressCIDRs)
	if err := c.checkLimits(); err != nil {
		return err
	}
	if err := input.CheckScope(c.VerifyScope); err != nil {
		return fault.BadRequest("verify_scope must be one scope, such as %s", defaultVerifyScope)
	}
	if c.RefreshAt < 0.1 || c.RefreshAt > 0.95 {
		return fault.BadRequest("refresh_at must lie between 0.1 and 0.95: it is a share of a token's life")
	}
	return nil
}

// checkLimits judges what bounds the mount's calls.
func (c *config) checkLimits() error {
	switch {
	case c.TokenBudget < 0 || c.TokenBudget > broker.MaximumBudget:
		return fault.BadRequest("token_budget must lie between 1 and %d token requests per 5 minutes, or be 0 for "+
			"all that the process has", broker.MaximumBudget)
	case c.APIRate < 1 || c.APIRate > maximumAPIRate:
		return fault.BadRequest("api_rate must lie between 1 and %d calls a second", maximumAPIRate)
	}
	for _, block := range c.EgressCIDRs {
		if _, err := netip.ParsePrefix(block); err != nil {
			return fault.BadRequest("egress_cidrs holds %s, which is not an address block such as 203.0.113.0/24",
				input.Excerpt(block))
		}
	}
	return nil
}

// newConfig is a mount's config before the first write.
func newConfig() config {
	return config{
		Versioned: store.Current, VerifyScope: defaultVerifyScope,
		RefreshAt: defaultRefreshAt, CredentialMaxAge: defaultCredentialMaxAge, APIRate: broker.DefaultCallRate,
	}
}

// endpoints returns where the environment is. Those of custom are the connection's.
func endpoints(environment string) (paxos.Endpoints, bool) {
	switch environment {
	case environmentProduction:
		return paxos.Production, true
	case environmentSandbox:
		return paxos.Sandbox, true
	}
	return paxos.Endpoints{}, false
}

// callRate is how many revocations and API calls the mount may make a second.
func (b *backend) callRate(ctx context.Context) int {
	c, err := b.cachedConfig(ctx, b.storage)
	if err != nil || c.APIRate < 1 {
		return broker.DefaultCallRate
	}
	return c.APIRate
}

// loadConfig reads the config from storage.
func loadConfig(ctx context.Context, s logical.Storage) (config, error) {
	return store.Load[config](ctx, s, configKey)
}

// cachedConfig returns the config from memory or storage.
func (b *backend) cachedConfig(ctx context.Context, s logical.Storage) (config, error) {
	return b.entries.config.Get(ctx, s, configKey)
}
