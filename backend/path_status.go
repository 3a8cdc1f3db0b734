package backend

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

func (b *backend) pathStatus() *framework.Path {
	return &framework.Path{
		Pattern:         "status$",
		HelpSynopsis:    "What the mount is doing: budget, live tokens, the root client's age. Calls nobody.",
		HelpDescription: statusHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Operations: operations{
			logical.ReadOperation: displayed(onActive(b.readStatus, "Read the state of the mount.", answer("The state.", statusAnswer)), "read", "status"),
		},
	}
}

// statusAnswer is what a read of status holds.
var statusAnswer = fields{
	"version":           {Type: framework.TypeString, Required: true, Description: "Version of the running plugin."},
	"environment":       {Type: framework.TypeString, Required: true, Description: "production, sandbox or custom; empty while the mount is not configured."},
	"client_id":         {Type: framework.TypeString, Required: true, Description: "Client ID of the root client; empty while there is none."},
	"generations":       {Type: framework.TypeSlice, Required: true, Description: "The root's secrets, oldest first: number, client_id, secret_set_at, verified, state (current or draining) and live_tokens."},
	"live_tokens":       {Type: framework.TypeInt, Required: true, Description: "Tokens that have neither expired nor been revoked."},
	"ending_tokens":     {Type: framework.TypeInt, Required: true, Description: "Those of them that Paxos has yet to be made to revoke."},
	"token_budget":      {Type: framework.TypeInt, Required: true, Description: "Token requests that this process allows itself in any 5 minutes."},
	"token_budget_used": {Type: framework.TypeInt, Required: true, Description: "Token requests of the last 5 minutes, of all mounts with this endpoint."},
	"banned_until":      {Type: framework.TypeString, Required: true, Description: "When Paxos's throttling of this address ends (RFC 3339); empty if there is none."},
	"dangerous_options": {Type: framework.TypeStringSlice, Required: true, Description: "Options in force for the whole mount that weaken something, and how."},
}

// readStatus answers GET status.
func (b *backend) readStatus(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	c, err := load[config](ctx, req.Storage, configKey)
	if err != nil && !errors.Is(err, errNotFound) {
		return reply(err)
	}
	root, err := load[client](ctx, req.Storage, rootKey)
	if err != nil && !errors.Is(err, errNotFound) {
		return reply(err)
	}
	settings, err := storedConnection(ctx, req.Storage)
	if err != nil {
		return reply(err)
	}
	rows, err := b.broker.Live(ctx)
	if err != nil {
		return reply(err)
	}
	ending, ofGeneration := 0, map[int]int{}
	for _, row := range rows {
		ofGeneration[row.Generation]++
		if !row.EndingSince.IsZero() {
			ending++
		}
	}
	g, _ := root.current()
	data := map[string]any{
		"version":           Version,
		"environment":       c.Environment,
		"client_id":         g.ClientID,
		"generations":       describe(root, ofGeneration),
		"live_tokens":       len(rows),
		"ending_tokens":     ending,
		"dangerous_options": settings.dangers(),
	}
	b.addBudget(data, c, settings)
	resp := &logical.Response{Data: data}
	if age := b.options.Now().Sub(g.Since); g.Number > 0 && age > c.CredentialMaxAge {
		resp.AddWarning(fmt.Sprintf("the root client's secret is %d days old, more than credential_max_age allows: rotate it in the Dashboard and write the new one to config", int(age/(24*time.Hour))))
	}
	return resp, nil
}

// addBudget tells of the budget of the endpoint, if it is known which that is.
func (b *backend) addBudget(data map[string]any, c config, settings connection) {
	data["token_budget"], data["token_budget_used"], data["banned_until"] = 0, 0, ""
	if complete, err := settings.settings(c.Environment); err == nil {
		now := b.options.Now()
		used, limit := b.options.Limits.Budget(complete.TokenURL).Usage(now)
		data["token_budget"], data["token_budget_used"] = limit, used
		data["banned_until"] = timestamp(b.options.Limits.Throttle(complete.Way()).BannedUntil(now))
	}
}

// describe lists the root's generations without their secrets.
func describe(root client, live map[int]int) []map[string]any {
	described := []map[string]any{}
	for _, g := range root.Generations {
		state := "draining"
		if g.Number == root.last() {
			state = "current"
		}
		described = append(described, map[string]any{
			"number":        g.Number,
			"client_id":     g.ClientID,
			"secret_set_at": timestamp(g.Since),
			"verified":      g.Proved,
			"state":         state,
			"live_tokens":   live[g.Number],
		})
	}
	return described
}
