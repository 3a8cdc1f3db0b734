package backend

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/ryanuber/go-glob"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/payment"
	"vault-plugin-secrets-paxos/backend/store"
)

const (
	// defaultDeletablePrefix is what the Labels of clients begin with that the engine may delete at
	// Paxos.
	defaultDeletablePrefix = "vault-"
	// defaultCeiling is how long a lease may last unless the guardrails say otherwise.
	defaultCeiling = 24 * time.Hour
)

// globGrammar allows a scope in which * stands for any text on either side of the colon, so that
// funding:* never matches a scope of another family. A single * allows every scope.
var globGrammar = regexp.MustCompile(`^(\*|[a-z0-9_.*-]+:[a-z0-9_.*-]+)$`)

// guardrails are the mount's ceiling, set by the security team: no role and no reader may exceed
// them. They do not bind the engine's own token requests, such as the one that verifies a secret.
type guardrails struct {
	store.Versioned
	AllowedScopes     []string      `json:"allowed_scopes"` // globs; none: every scope that the next two fields allow
	AllowUncatalogued bool          `json:"allow_uncatalogued_scopes"`
	AllowAdmin        bool          `json:"allow_admin_scopes"`
	MaxTTL            time.Duration `json:"max_ttl"`
	DeletablePrefix   string        `json:"deletable_label_prefix"` // empty: the default
	RefuseUnchecked   bool          `json:"refuse_unchecked_clients"`
	IgnoreEntity      bool          `json:"ignore_entity"`
	// SignLimits and SignDailyLimits bound what all signers together may have signed. They raise the
	// schema, see writtenAs.
	SignLimits      payment.Limits `json:"sign_limits,omitempty"`
	SignDailyLimits payment.Limits `json:"sign_daily_limits,omitempty"`
}

// schemaOfSignLimits is the schema of guardrails that limit what is signed.
const schemaOfSignLimits = 2

// LatestSchema is the newest schema of guardrails that this version can read.
func (g guardrails) LatestSchema() int { return schemaOfSignLimits }

// writtenAs returns the version to store the guardrails with. A plugin that is too old to know the
// limits would ignore them, so it must refuse such guardrails.
func (g guardrails) writtenAs() store.Versioned {
	if len(g.SignLimits)+len(g.SignDailyLimits) > 0 {
		return store.Versioned{Schema: schemaOfSignLimits}
	}
	return store.Current
}

// deletable reports whether a client with this Label may be deleted at Paxos.
func (g guardrails) deletable(label string) bool {
	return strings.HasPrefix(label, g.deletablePrefix())
}

// deletablePrefix returns what the Label of a client must begin with so that it may be deleted.
func (g guardrails) deletablePrefix() string {
	if g.DeletablePrefix == "" {
		return defaultDeletablePrefix
	}
	return g.DeletablePrefix
}

// newGuardrails returns the guardrails that count before the first write.
func newGuardrails() guardrails {
	return guardrails{Versioned: store.Current, AllowUncatalogued: true, MaxTTL: defaultCeiling}
}

// change applies the parameters of a request to the guardrails, and returns an error for the caller
// if the result is not allowed.
func (g *guardrails) change(d *framework.FieldData) error {
	input.Patch(d, "allow_uncatalogued_scopes", &g.AllowUncatalogued)
	input.Patch(d, "allow_admin_scopes", &g.AllowAdmin)
	input.PatchSeconds(d, "max_ttl", &g.MaxTTL)
	if g.MaxTTL < time.Second {
		return fault.BadRequest("max_ttl must be at least 1s.")
	}
	err := errors.Join(patchLimits(d, "sign_limits", &g.SignLimits),
		patchLimits(d, "sign_daily_limits", &g.SignDailyLimits))
	if err != nil {
		return fault.Invalid(err)
	}
	if err := g.changeClients(d); err != nil {
		return err
	}
	globs, ok := input.Given[[]string](d, "allowed_scopes")
	if !ok {
		return nil
	}
	if err := checkGlobs(globs); err != nil {
		return fault.Invalid(err)
	}
	if len(globs) == 0 && d.Raw["allowed_scopes"] != nil {
		return fault.BadRequest("allowed_scopes must not be empty. List patterns such as funding:*, or reset it with " +
			"null in a PATCH.")
	}
	g.AllowedScopes = globs
	return nil
}

// changeClients applies the parameters that are about clients.
func (g *guardrails) changeClients(d *framework.FieldData) error {
	allowUnchecked, requireMatch := !g.RefuseUnchecked, !g.IgnoreEntity
	input.Patch(d, "allow_unchecked_clients", &allowUnchecked)
	input.Patch(d, "require_entity_match", &requireMatch)
	g.RefuseUnchecked, g.IgnoreEntity = !allowUnchecked, !requireMatch
	prefix, ok := input.Given[string](d, "deletable_label_prefix")
	if !ok {
		return nil
	}
	if strings.TrimSpace(prefix) == "" || len(prefix) > input.MaximumName {
		return fault.BadRequest("deletable_label_prefix must have 1 to %d bytes that are not all spaces. An empty "+
			"prefix would allow every client to be deleted.", input.MaximumName)
	}
	g.DeletablePrefix = prefix
	return nil
}

// checkGlobs checks the grammar and the number of globs.
func checkGlobs(globs []string) error {
	for _, pattern := range globs {
		if len(pattern) > input.MaximumScopeSize || !globGrammar.MatchString(pattern) {
			return fmt.Errorf("allowed_scopes contains %s, which is neither a scope nor a pattern such as "+
				"funding:* or *:read_*, where * stands for any text", input.Excerpt(pattern))
		}
	}
	if len(globs) > input.MaximumScopes {
		return fmt.Errorf("allowed_scopes has %d patterns, but at most %d are allowed", len(globs), input.MaximumScopes)
	}
	return nil
}

// refusal returns why a scope may not be issued, or "" if it may.
func (g guardrails) refusal(scope string) string {
	known, catalogued := catalog.LookupScope(scope)
	switch {
	case !g.AllowAdmin && (known.Risk == catalog.Admin || !catalogued && ofAdmins(scope)):
		return "of risk admin, and allow_admin_scopes is false"
	case !g.AllowUncatalogued && !catalogued:
		return "not in the catalogue, and allow_uncatalogued_scopes is false"
	case len(g.AllowedScopes) == 0:
		return ""
	}
	for _, pattern := range g.AllowedScopes {
		if glob.Glob(pattern, scope) {
			return ""
		}
	}
	return "not in allowed_scopes"
}

// forbidden names the scopes that may not be issued, each with the reason. It returns "" if all may.
func (g guardrails) forbidden(scopes []string) string {
	var beyond []string
	for _, scope := range scopes {
		if why := g.refusal(scope); why != "" {
			beyond = append(beyond, scope+" ("+why+")")
		}
	}
	return input.Shortened(beyond)
}

// check returns an error for the caller that names the scopes that may not be issued, or nil if all
// may.
func (g guardrails) check(scopes []string) error {
	beyond := g.forbidden(scopes)
	if beyond == "" {
		return nil
	}
	return fault.Forbidden("The guardrails of this mount do not allow %s. Contact your Vault operators. Operators: change "+
		"the role, or have %sconfig/guardrails changed (needs sudo).", beyond, mountMark)
}

// checkPayment refuses a payment that is more than all signers of the mount may have signed. Limits
// that are empty bound nothing; others refuse the assets that they lack.
func (g guardrails) checkPayment(pays payment.Payment) error {
	for _, bound := range []struct {
		parameter string
		limits    payment.Limits
	}{{"sign_limits", g.SignLimits}, {"sign_daily_limits", g.SignDailyLimits}} {
		if len(bound.limits) == 0 {
			continue
		}
		if err := bound.limits.Check(bound.parameter, pays); err != nil {
			return err
		}
	}
	return nil
}

// dangers describes the options in force that weaken security. It never returns nil.
func (g guardrails) dangers() []string {
	dangers := []string{}
	if g.AllowAdmin {
		dangers = append(dangers,
			"allow_admin_scopes: a role may have scopes that list and delete the company's API credentials")
	}
	if g.IgnoreEntity {
		dangers = append(dangers, "require_entity_match=false: a client of another Entity may be stored on this mount")
	}
	return dangers
}

// issuable lists the scopes of the catalogue that the guardrails allow. It never returns nil.
func (g guardrails) issuable() []string {
	names := []string{}
	for _, scope := range catalog.Scopes() {
		if g.refusal(scope.Name) == "" {
			names = append(names, scope.Name)
		}
	}
	return names
}

// unmatched lists the patterns in allowed_scopes that match no scope of the catalogue. They are
// likely mistakes.
func (g guardrails) unmatched() []string {
	var patterns []string
	for _, pattern := range g.AllowedScopes {
		matches := false
		for _, scope := range catalog.Scopes() {
			matches = matches || glob.Glob(pattern, scope.Name)
		}
		if !matches {
			patterns = append(patterns, pattern)
		}
	}
	return patterns
}

// ofAdmins reports whether a scope belongs to the family of a scope of risk admin. A scope that the
// catalogue does not have counts as admin then, because Paxos may have added it to that family.
func ofAdmins(scope string) bool {
	family, _, _ := strings.Cut(scope, ":")
	return adminFamilies()[family]
}

// adminFamilies returns the families of the scopes of risk admin: what stands before the colon.
var adminFamilies = sync.OnceValue(func() map[string]bool {
	families := map[string]bool{}
	for _, scope := range catalog.Scopes() {
		if scope.Risk == catalog.Admin {
			family, _, _ := strings.Cut(scope.Name, ":")
			families[family] = true
		}
	}
	return families
})

// storedGuardrails reads the guardrails from storage, or returns the defaults if there are none.
func storedGuardrails(ctx context.Context, s logical.Storage) (guardrails, error) {
	return store.LoadOr(ctx, s, guardrailsKey, newGuardrails)
}

// cachedGuardrails returns the guardrails from memory or storage, or the defaults if there are
// none.
func (b *backend) cachedGuardrails(ctx context.Context, s logical.Storage) (guardrails, error) {
	return b.entries.guardrails.Get(ctx, s, guardrailsKey)
}
