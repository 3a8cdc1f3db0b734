package backend

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/usage"
	"vault-plugin-secrets-paxos/backend/version"
)

func (b *backend) pathStatus() *framework.Path {
	return &framework.Path{
		Pattern: "status$",
		HelpSynopsis: "The state of the mount: budget, valid tokens, age of the root client's secret. Makes no " +
			"request to Paxos.",
		HelpDescription: statusHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Operations: spec.Operations{
			logical.ReadOperation: spec.Displayed(spec.OnActive(b.readStatus, "Read the state of the mount.",
				spec.Body("The state.", statusAnswer)), "read", "status"),
		},
	}
}

// statusAnswer are the fields of the status.
var statusAnswer = spec.Fields{
	"version": spec.Required(framework.TypeString, "Version of the running plugin."),
	"environment": spec.Required(framework.TypeString,
		"production, sandbox or custom. Empty if the mount is not configured."),
	"lockdown":  spec.Required(framework.TypeBool, "Whether a lockdown is in force: no tokens or clients are issued."),
	"client_id": spec.Required(framework.TypeString, "Client ID of the root client. Empty if there is none."),
	"generations": spec.Required(framework.TypeSlice,
		"The secrets of the root client, the oldest first. Each has number, client_id, secret_set_at, verified, state "+
			"(current or draining), live_tokens, ends_at (when the last of its tokens expires; then a draining secret "+
			"is removed) and delete_at_paxos."),
	"clients": spec.Required(framework.TypeMap, "How many stored clients there are in each state."),
	"stopped_since": spec.Required(framework.TypeString,
		"When the mount paused because it may be a restored copy (RFC 3339). Empty if it is not paused. config/resume "+
			"resumes it."),
	"live_tokens": spec.Required(framework.TypeInt, "Tokens that have neither expired nor been revoked."),
	"last_issued_at": spec.Required(framework.TypeString,
		"When a token of the root client was last issued (RFC 3339). Empty if none ever was."),
	"counted_payments": spec.Required(framework.TypeInt,
		"Signed payments that count against daily limits now. At most 20,000."),
	"ending_tokens": spec.Required(framework.TypeInt,
		"Tokens among live_tokens that could not be revoked yet. revocations/ lists them."),
	"waiting_tokens": spec.Required(framework.TypeInt,
		"Tokens among live_tokens that are no longer issued and are revoked when their grace is over. revocations/ "+
			"lists them too."),
	"token_budget": spec.Required(framework.TypeInt,
		"Token requests that this plugin process allows itself in any 5 minutes."),
	"token_budget_used": spec.Required(framework.TypeInt,
		"Token requests of the last 5 minutes, of all mounts that use the same token endpoint, failed ones included. "+
			"The whole token_budget while the number is not known."),
	"token_budget_known": spec.Required(framework.TypeBool,
		"Whether the number of token requests is known. After a start it is not, until all mounts of the plugin are "+
			"loaded, or for 5 minutes."),
	"banned_until": spec.Required(framework.TypeString,
		"Until when Paxos rate-limits token requests from this address (RFC 3339). Empty if it does not."),
	"calls_banned_until": spec.Required(framework.TypeString,
		"Until when Paxos rate-limits revocations and other API calls from this address (RFC 3339). Empty if it does "+
			"not."),
	"last_mint_error": spec.Required(framework.TypeString,
		"Why the latest failed token request failed, since the plugin started. Empty if none failed."),
	"last_mint_error_at": spec.Required(framework.TypeString,
		"When that token request failed (RFC 3339). Empty if none failed."),
	"probe": spec.Required(framework.TypeMap,
		"The result of the latest probe, with the fields of probe. Empty if there was none."),
	"dangerous_options": spec.Required(framework.TypeStringSlice,
		"Options in force for the whole mount that weaken security, each with the reason."),
}

// readStatus answers GET status.
func (b *backend) readStatus(ctx context.Context, req *logical.Request,
	_ *framework.FieldData) (*logical.Response, error) {
	settings, err := b.loadSettings(ctx, req.Storage)
	if err != nil {
		return nil, err
	}
	rows, err := b.broker.Live(ctx)
	if err != nil {
		return nil, err
	}
	if err := b.usage.Load(ctx, req.Storage); err != nil {
		return nil, err
	}
	clients, err := clientsByState(ctx, req.Storage)
	if err != nil {
		return nil, err
	}
	counted, unknown := b.spent.Counted(ctx)
	g, _ := settings.root.current()
	throttling := b.throttling(settings.config, settings.connection)
	failure := b.latest.get()
	data := map[string]any{
		"version":            version.Number,
		"environment":        settings.config.Environment,
		"lockdown":           settings.lockdown.refuse() != nil,
		"client_id":          g.ClientID,
		"probe":              settings.probe.shown(),
		"generations":        describeGenerations(settings.root, rows),
		"clients":            clients,
		"stopped_since":      spec.Timestamp(settings.pulse.Stopped),
		"live_tokens":        len(rows),
		"last_issued_at":     spec.Timestamp(b.usage.Last(usage.Client(g.ClientID))),
		"counted_payments":   counted,
		"ending_tokens":      countEnding(rows, b.options.Now()),
		"waiting_tokens":     countWaiting(rows, b.options.Now()),
		"token_budget":       throttling.budget,
		"token_budget_used":  throttling.used,
		"token_budget_known": throttling.known,
		"banned_until":       spec.Timestamp(throttling.bannedUntil),
		"calls_banned_until": spec.Timestamp(throttling.callsBannedUntil),
		"last_mint_error":    failure.text,
		"last_mint_error_at": spec.Timestamp(failure.at),
		"dangerous_options":  append(settings.connection.dangers(), settings.guardrails.dangers()...),
	}
	resp := &logical.Response{Data: data}
	if unknown != nil {
		resp.AddWarning("The signed payments are not known, so nothing that counts against a daily limit is signed: " +
			unknown.Error() + ".")
	}
	if age := b.options.Now().Sub(g.Since); g.Number > 0 && age > settings.config.CredentialMaxAge {
		resp.AddWarning(fmt.Sprintf("The root client's secret is %d days old, which exceeds credential_max_age. Choose "+
			"Rotate Credentials in the Dashboard, then store the new secret with `vault write %sconfig/rotate-root "+
			"client_secret=-`.", int(age/(24*time.Hour)), mountMark))
	}
	return resp, nil
}

// describeGenerations describes the generations of the root client, without their secrets. rows are
// the live tokens: each generation says how many of them it has and when the last one expires.
func describeGenerations(root client, rows []broker.Row) []map[string]any {
	described := []map[string]any{}
	for _, g := range root.Generations {
		state, live, last := "draining", 0, time.Time{}
		if g.Number == root.last() {
			state = "current"
		}
		for _, row := range rows {
			if row.ClientID != g.ClientID || row.Generation != g.Number {
				continue
			}
			live++
			if row.ExpiresAt.After(last) {
				last = row.ExpiresAt
			}
		}
		described = append(described, map[string]any{
			"number":          g.Number,
			"client_id":       g.ClientID,
			"secret_set_at":   spec.Timestamp(g.Since),
			"verified":        g.Verified,
			"state":           state,
			"live_tokens":     live,
			"ends_at":         spec.Timestamp(last),
			"delete_at_paxos": g.DeleteAtPaxos,
		})
	}
	return described
}

const statusHelp = `
Shows the budget of token requests and how much of it is used, whether Paxos rate-limits
this address, how many tokens are valid, the root client and the age of its secret, and
the latest probe. Needs no sudo, and makes no request to Paxos.

    vault read paxos/status
`
