package backend

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/spending"
	"vault-plugin-secrets-paxos/backend/store"
)

func (b *backend) pathGuardrails() *framework.Path {
	return &framework.Path{
		Pattern:         guardrailsPath + "$",
		HelpSynopsis:    "What no role, reader or signer of this mount may exceed. Needs sudo.",
		HelpDescription: guardrailsHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos", ItemType: "Guardrails"},
		Fields: spec.Parameters{
			"allowed_scopes": {
				Type: framework.TypeCommaStringSlice, Example: "funding:*,*:read_*",
				Otherwise: "every scope that the other parameters allow",
				Text: "The scopes that may be issued, as an array, or as a text with commas or spaces. * stands for any " +
					"text.",
			},
			"allow_uncatalogued_scopes": {
				Type: framework.TypeBool, Default: true, Example: "false",
				Text: "Whether a scope that this version of the engine does not know may be issued. allowed_scopes must " +
					"allow it too.",
			},
			"allow_admin_scopes": {
				Type: framework.TypeBool, Example: "true",
				Text: "Dangerous. Whether a scope that manages API credentials (api_creds:*) may be issued. " +
					"allowed_scopes must allow it too.",
			},
			"max_ttl": {
				Type: framework.TypeDurationSecond, Default: defaultCeiling, Example: "1h",
				Text: "Longest time that a lease may last, whatever a role or a reader asks for. Existing leases keep " +
					"their end.",
			},
			"deletable_label_prefix": {
				Type: framework.TypeString, Default: defaultDeletablePrefix, Example: "vault-prod-",
				Text: "The engine deletes a client at Paxos only if its Label in the Dashboard begins with this text.",
			},
			"allow_unchecked_clients": {
				Type: framework.TypeBool, Default: true, Example: "false",
				Text: "Whether to allow clients whose secret was stored without verification, and to store clients whose " +
					"Entity is unknown because they see no profiles.",
			},
			"require_entity_match": {
				Type: framework.TypeBool, Default: true, Example: "false",
				Text: "Whether to refuse a client that sees other profiles than the root client and so belongs to " +
					"another Entity. Dangerous if false.",
			},
			"sign_limits": {
				Type: framework.TypeKVPairs, Example: "USDC=1000", Otherwise: "no limit",
				Text: "For each asset: the most that one signed request may move, whatever its signer allows. If any asset " +
					"is named, all others are refused. A write replaces the whole map.",
			},
			"sign_daily_limits": {
				Type: framework.TypeKVPairs, Example: "USDC=10000", Otherwise: "no limit",
				Text: "For each asset: the most that all signers together may have signed in 24 hours. If any asset is " +
					"named, all others are refused. A write replaces the whole map.",
			},
		}.Fields(),
		Operations: spec.Operations{
			logical.ReadOperation: spec.Displayed(spec.OnActive(b.readGuardrails, "Read the guardrails.",
				spec.Body("The guardrails.", guardrailsAnswer)), "read", "guardrails"),
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.writeGuardrails,
				"Set the guardrails, and revoke tokens that exceed them. Parameters that are left out keep their value.",
				spec.NoBody("Stored.")), "configure", "guardrails"),
			logical.PatchOperation: spec.Displayed(spec.OnActive(b.writeGuardrails,
				"Change parts of the guardrails, and revoke tokens that exceed them. null resets a parameter to its default.",
				spec.NoBody("Stored.")), "patch", "guardrails"),
			logical.DeleteOperation: spec.Displayed(spec.OnActive(b.deleteGuardrails,
				"Reset the guardrails to their defaults, and revoke tokens that exceed them.", spec.NoBody("Deleted.")),
				"delete", "guardrails"),
		},
	}
}

// guardrailsAnswer are the fields of the guardrails that are read.
var guardrailsAnswer = spec.Fields{
	"allowed_scopes": spec.Required(framework.TypeStringSlice,
		"The scopes and patterns as they were written. Empty: the default."),
	"resolved_scopes": spec.Required(framework.TypeStringSlice, "All scopes of the catalogue that may be issued."),
	"allow_uncatalogued_scopes": spec.Required(framework.TypeBool,
		"Whether scopes that this version of the engine does not know may be issued."),
	"allow_admin_scopes": spec.Required(framework.TypeBool,
		"Whether scopes that manage API credentials may be issued."),
	"max_ttl": spec.Required(framework.TypeInt64, "Longest lease in seconds."),
	"deletable_label_prefix": spec.Required(framework.TypeString,
		"How the Label of a client must begin so that the engine may delete the client at Paxos."),
	"allow_unchecked_clients": spec.Required(framework.TypeBool,
		"Whether a client may be used whose secret was not verified, and whether one may be stored whose Entity is "+
			"unknown."),
	"require_entity_match": spec.Required(framework.TypeBool,
		"Whether a client of another Entity is refused."),
	"sign_limits": spec.Required(framework.TypeKVPairs, "For each asset: the most that one signed request may move."),
	"sign_daily_limits": spec.Required(framework.TypeKVPairs,
		"For each asset: the most that all signers together may have signed in 24 hours."),
	"sign_daily_usage": spec.Required(framework.TypeMap,
		"For each asset of sign_daily_limits: limit, used, left and next_at (when more is left, RFC 3339; empty if "+
			"nothing is used)."),
	"dangerous_options": spec.Required(framework.TypeStringSlice,
		"Options in force that weaken security, each with the reason."),
}

// readGuardrails answers GET config/guardrails. It shows the defaults of a mount that has no
// guardrails stored.
func (b *backend) readGuardrails(ctx context.Context, req *logical.Request,
	_ *framework.FieldData) (*logical.Response, error) {
	g, err := storedGuardrails(ctx, req.Storage)
	if err != nil {
		return nil, err
	}
	used, warnings := b.describeUsage(ctx, spending.Mount, g.SignDailyLimits)
	return &logical.Response{Warnings: warnings, Data: map[string]any{
		"sign_limits":               shownLimits(g.SignLimits),
		"sign_daily_limits":         shownLimits(g.SignDailyLimits),
		"sign_daily_usage":          used,
		"allowed_scopes":            append([]string{}, g.AllowedScopes...),
		"resolved_scopes":           g.issuable(),
		"allow_uncatalogued_scopes": g.AllowUncatalogued,
		"allow_admin_scopes":        g.AllowAdmin,
		"max_ttl":                   spec.Seconds(g.MaxTTL),
		"deletable_label_prefix":    g.deletablePrefix(),
		"allow_unchecked_clients":   !g.RefuseUnchecked,
		"require_entity_match":      !g.IgnoreEntity,
		"dangerous_options":         g.dangers(),
	}}, nil
}

// writeGuardrails answers POST and PATCH config/guardrails. Tokens that exceed the new guardrails
// are revoked.
func (b *backend) writeGuardrails(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	before, g, err := b.storeGuardrails(ctx, req.Storage, d)
	if err != nil {
		return nil, err
	}
	b.announceChange(guardrailsWritten, guardrailsPath, req.Operation)
	warnings := fault.Sentences(g.dangers())
	if unmatched := g.unmatched(); len(unmatched) > 0 {
		warnings = append(warnings, "These patterns in allowed_scopes match no scope of the catalogue: "+
			input.Shortened(unmatched)+".")
	}
	warnings = append(warnings, unknownAssets("sign_limits", g.SignLimits)...)
	warnings = append(warnings, unknownAssets("sign_daily_limits", g.SignDailyLimits)...)
	warnings = append(warnings, liftedGuardrails(before, g)...)
	return b.enforce(ctx, req.Storage, g, warnings)
}

// storeGuardrails applies the request to the stored guardrails and stores the result.
func (b *backend) storeGuardrails(ctx context.Context, s logical.Storage,
	d *framework.FieldData) (before, g guardrails, err error) {
	b.writes.Lock()
	defer b.writes.Unlock()
	before, err = storedGuardrails(ctx, s)
	if err != nil {
		return before, g, err
	}
	g = before
	if err := g.change(d); err != nil {
		return before, g, err
	}
	g.Versioned = g.writtenAs()
	return before, g, b.entries.guardrails.Put(ctx, s, guardrailsKey, g)
}

// deleteGuardrails answers DELETE config/guardrails. The defaults may allow less than the deleted
// guardrails did, so they are enforced like guardrails that were written.
func (b *backend) deleteGuardrails(ctx context.Context, req *logical.Request,
	_ *framework.FieldData) (*logical.Response, error) {
	before, err := b.removeGuardrails(ctx, req.Storage)
	if err != nil {
		return nil, err
	}
	b.announceChange(guardrailsWritten, guardrailsPath, req.Operation)
	return b.enforce(ctx, req.Storage, newGuardrails(), liftedGuardrails(before, newGuardrails()))
}

// removeGuardrails deletes the stored guardrails and returns them. They can be deleted even if they cannot
// be read.
func (b *backend) removeGuardrails(ctx context.Context, s logical.Storage) (guardrails, error) {
	b.writes.Lock()
	defer b.writes.Unlock()
	before, err := storedGuardrails(ctx, s)
	if err != nil && !store.IsUnreadable(err) {
		return before, err
	}
	return before, b.entries.guardrails.Delete(ctx, s, guardrailsKey)
}

// liftedGuardrails warns of limits for all signers that a write has removed. Limits for some assets refuse
// all other assets, so only limits that are empty now let more be signed.
func liftedGuardrails(before, after guardrails) (warnings []string) {
	if len(after.SignLimits) == 0 {
		warnings = append(warnings, liftedLimits("sign_limits", before.SignLimits, nil)...)
	}
	if len(after.SignDailyLimits) == 0 {
		warnings = append(warnings, liftedLimits("sign_daily_limits", before.SignDailyLimits, nil)...)
	}
	return warnings
}

// enforce revokes the live tokens that exceed the guardrails. Its response warns of the roles that
// lost tokens and of the roles that hold more than the guardrails allow. Tokens that the engine
// requests for its own work belong to no role and are left alone: they have only the scopes that
// the engine needs.
func (b *backend) enforce(ctx context.Context, s logical.Storage, g guardrails,
	warnings []string) (*logical.Response, error) {
	affected := map[string]bool{}
	ended, pending, err := b.broker.End(ctx, func(row broker.Row) bool {
		beyond := row.Key.Role != "" && g.check(strings.Fields(row.Key.Scopes)) != nil
		if beyond {
			affected[row.RoleName] = true
		}
		return beyond
	})
	if err != nil {
		return nil, stoppedAfter(err, "The guardrails were stored, but not all tokens that exceed them could be "+
			"revoked. This is tried again every minute.")
	}
	if ended+pending > 0 {
		warnings = append(warnings,
			endedWarning(rolesNamed(slices.Sorted(maps.Keys(affected))), ended, pending))
	}
	beyond, cut, err := rolesBeyond(ctx, s, g)
	if err != nil {
		return nil, stoppedAfter(err, "The guardrails were stored, but it was not checked which roles exceed them.")
	}
	if len(beyond) > 0 {
		warnings = append(warnings,
			"These roles hold scopes that the guardrails forbid. Reads of the whole role are refused; reads "+
				"narrowed to allowed scopes still work: "+input.Shortened(beyond)+".")
	}
	if len(cut) > 0 {
		warnings = append(warnings,
			fmt.Sprintf("The ttl or max_ttl of these roles exceeds max_ttl (%s), so their leases are shortened: %s.",
				g.MaxTTL, input.Shortened(cut)))
	}
	return spec.Warned(warnings...), nil
}

// rolesBeyond lists the roles whose scopes exceed the guardrails (beyond), and the roles whose
// leases the guardrails shorten (cut).
func rolesBeyond(ctx context.Context, s logical.Storage, g guardrails) (beyond, cut []string, err error) {
	err = eachRole(ctx, s, func(name string, r role) {
		if g.check(r.ResolvedScopes) != nil {
			beyond = append(beyond, name)
		}
		if g.shortens(r) {
			cut = append(cut, name)
		}
	})
	return beyond, cut, err
}

const guardrailsHelp = `
The guardrails are the ceiling of the mount. The security team sets them. A role that
exceeds them cannot be written. If a stored role exceeds them, reads of the whole role
are refused (403). When the guardrails are tightened, valid tokens that exceed them are
revoked at once, and a warning says how many, and of which roles.

    vault write paxos/config/guardrails allowed_scopes=funding:*,*:read_* max_ttl=1h

allowed_scopes names scopes or patterns. In a pattern, * stands for any text on its side
of the colon. By default every scope may be issued, except those that manage the
company's API credentials (api_creds:*). Those also need allow_admin_scopes=true. A
scope that this version of the engine does not know also needs
allow_uncatalogued_scopes=true, which is the default.

max_ttl limits leases. A token from token/<name> has no lease: it is valid until it
expires.

sign_limits is the most that one signed request may move, whatever its signer allows.
sign_daily_limits is the most that all signers together may have signed in 24 hours. It
is one sum for the mount. It stays when signers or keys are changed, deleted or created
again.

Parameters that are left out keep their value. A delete resets all to their defaults.
`
