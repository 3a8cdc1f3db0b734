package backend

import (
	"context"
	"errors"
	"reflect"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
)

func (b *backend) pathConfig() *framework.Path {
	return &framework.Path{
		Pattern:         "config$",
		HelpSynopsis:    "The Paxos environment, the root client, and limits for the whole mount.",
		HelpDescription: configHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos", ItemType: "Configuration"},
		Fields: spec.Parameters{
			"environment": {
				Type: framework.TypeString, Example: environmentSandbox,
				Allowed: []string{environmentProduction, environmentSandbox, environmentCustom},
				Text: "production, sandbox or custom. For custom, set the URLs in config/connection first. Required at " +
					"the first write, and then fixed.",
			},
			"client_id": {Type: framework.TypeString, Example: exampleClientID,
				Text: "Client ID of the root client, from the Dashboard (Admin > API Management). It is stored together " +
					"with client_secret. To switch to another client, write to config/replace-root."},
			"client_secret": spec.Secret("Client Secret of the root client. It is verified before it is stored."),
			"verify_scope": {
				Type: framework.TypeString, Default: defaultVerifyScope, Example: "transfer:read_transfer",
				Text: "The scope that is requested to verify a secret. The token is revoked at once.",
			},
			"verify_connection": spec.Verify("Whether to verify a new secret with one token request."),
			"refresh_at": {
				Type: framework.TypeFloat, Default: defaultRefreshAt, Example: "0.5",
				Text: "The share of a token's lifetime, from 0.1 to 0.95, after which the next read starts a refresh in " +
					"the background.",
			},
			"credential_max_age": {
				Type: framework.TypeDurationSecond, Default: defaultCredentialMaxAge, Example: "720h",
				Otherwise: "2160h (90 days)",
				Text: "The age of the root client's secret at which status and the reports ask you to rotate it. " +
					"Nothing is rotated automatically.",
			},
			"token_budget": {
				Type: framework.TypeInt, Example: "120",
				Text: "Maximum token requests in any 5 minutes for this mount, from 1 to 300. 0: no separate limit.",
			},
			"api_rate": {
				Type: framework.TypeInt, Default: limits.DefaultCallRate, Example: "20",
				Text: "Maximum revocations and other API calls per second for this mount, from 1 to 50. The mount " +
					"begins with 5 per second, and doubles that until Paxos rate-limits it.",
			},
			"egress_cidrs": {
				Type: framework.TypeCommaStringSlice, Example: "203.0.113.0/24",
				Text: "The address blocks that Vault's calls to Paxos come from. The reports compare them with the IP " +
					"allow-list of each client.",
			},
			"force": {
				Type: framework.TypeBool, Query: true, Example: "true",
				Text: "Dangerous. On a delete: delete the configuration although valid tokens or leased clients need " +
					"it, or keys sign for the root client. Tokens that cannot be revoked now stay valid until they " +
					"expire.",
			},
		}.Fields(),
		Operations: spec.Operations{
			logical.ReadOperation: spec.Displayed(spec.Reading(b.readConfig,
				"Read the configuration. The secret is never shown.", spec.Body("The configuration.",
					configAnswer)), "read", "configuration"),
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.writeConfig,
				"Configure the mount. Parameters that are left out keep their value.",
				spec.NoBody("Stored.")), "configure", ""),
			logical.PatchOperation: spec.Displayed(spec.OnActive(b.writeConfig,
				"Change parts of the configuration. null resets a parameter to its default.",
				spec.NoBody("Stored.")), "patch", "configuration"),
			logical.DeleteOperation: spec.Displayed(spec.OnActive(b.deleteConfig,
				"Delete the configuration and the root client.",
				spec.NoBody("Deleted.")), "delete", "configuration"),
		},
	}
}

// configAnswer describes the answer of a read of config.
var configAnswer = spec.Fields{
	"environment": spec.Required(framework.TypeString, "production, sandbox or custom."),
	"client_id":   spec.Required(framework.TypeString, "Client ID of the root client. Empty if there is none."),
	"generation": spec.Required(framework.TypeInt,
		"Number of the root client's current secret. It goes up with each new secret. 0 if there is none."),
	"secret_set_at": spec.Required(framework.TypeString,
		"When the root client's secret was stored (RFC 3339). Empty if there is none."),
	"secret_verified": spec.Required(framework.TypeBool,
		"Whether a token request has shown that the secret is right."),
	"verify_scope": spec.Required(framework.TypeString, "The scope that is requested to verify a secret."),
	"refresh_at":   spec.Required(framework.TypeFloat, "The share of a token's lifetime after which it is refreshed."),
	"credential_max_age": spec.Required(framework.TypeInt64,
		"The age in seconds at which the secret should be rotated."),
	"token_budget": spec.Required(framework.TypeInt,
		"Maximum token requests in any 5 minutes for this mount. 0: no separate limit."),
	"api_rate": spec.Required(framework.TypeInt,
		"Maximum revocations and other API calls per second for this mount."),
	"egress_cidrs": spec.Required(framework.TypeStringSlice,
		"Address blocks that Vault's calls to Paxos come from, as they were written."),
}

// readConfig answers GET config.
func (b *backend) readConfig(ctx context.Context, req *logical.Request,
	_ *framework.FieldData) (*logical.Response, error) {
	c, err := loadConfig(ctx, req.Storage)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil // Vault answers 404
	}
	if err != nil {
		return nil, err
	}
	root, err := storedRoot(ctx, req.Storage)
	if err != nil {
		return nil, err
	}
	g, _ := root.current()
	return &logical.Response{Data: map[string]any{
		"environment":        c.Environment,
		"client_id":          g.ClientID,
		"generation":         g.Number,
		"secret_set_at":      spec.Timestamp(g.Since),
		"secret_verified":    g.Verified,
		"verify_scope":       c.VerifyScope,
		"refresh_at":         c.RefreshAt,
		"credential_max_age": spec.Seconds(c.CredentialMaxAge),
		"token_budget":       c.TokenBudget,
		"api_rate":           c.APIRate,
		"egress_cidrs":       append([]string{}, c.EgressCIDRs...),
	}}, nil
}

// writeConfig answers POST and PATCH config. If the request has a secret, it is treated as in
// config/rotate-root: it is verified with no lock held, then the root client is stored, and then
// the settings. If storing the settings fails, the caller can repeat the same request. Its secret
// is then the one that is stored already, so only the settings are stored.
func (b *backend) writeConfig(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	before, planned, err := b.changedConfig(ctx, req.Storage, d)
	if err != nil {
		return nil, err
	}
	root, err := b.secretOfConfig(ctx, req, d, planned)
	if err != nil {
		return nil, err
	}
	switch err := b.storeConfig(ctx, req.Storage, d, before, planned, root != nil); {
	case err != nil && root != nil && !root.same:
		return nil, stoppedAfter(err, "client_secret was stored, but the other parameters were not. Send the same "+
			"write again to store them.")
	case err != nil:
		return nil, err
	}
	b.announceChange(configWritten, configKey, req.Operation)
	if root == nil {
		return nil, nil
	}
	return spec.Warned(root.warnings...), nil
}

// secretOfConfig stores the request's secret for the root client, and returns the changed root. It
// returns nil if the request has no secret. Then it checks that planned fits the connection, and
// that client_id, if the request has one, is that of the root client.
func (b *backend) secretOfConfig(ctx context.Context, req *logical.Request, d *framework.FieldData,
	planned config) (*changedRoot, error) {
	if _, hasSecret := input.Given[string](d, "client_secret"); hasSecret {
		after, err := b.giveSecret(ctx, req, d, planned)
		return &after, err
	}
	if _, err := b.sessionWith(ctx, req.Storage, planned); err != nil {
		return nil, err
	}
	clientID, hasID := input.Given[string](d, "client_id")
	if !hasID {
		return nil, nil
	}
	root, err := storedRoot(ctx, req.Storage)
	known, exists := root.current()
	switch {
	case err != nil:
		return nil, err
	case !exists && clientID != "":
		return nil, fault.BadRequest("client_secret is required: a client_id is stored only together with its secret.")
	case exists && clientID != known.ClientID:
		return nil, errOtherRoot(known.ClientID)
	}
	return nil, nil
}

// storeConfig applies the request's changes to the settings as they are now, and stores the result
// if it differs. before and planned are the settings, without and with the changes, as they were
// when the request came. verified says that a secret was verified since. Then the write is refused
// if the settings that it changes were changed meanwhile, because the secret was verified for
// planned.
func (b *backend) storeConfig(ctx context.Context, s logical.Storage, d *framework.FieldData, before,
	planned config, verified bool) error {
	b.writes.Lock()
	defer b.writes.Unlock()
	now, after, err := b.changedConfig(ctx, s, d)
	if err != nil {
		return err
	}
	if verified && now.EntryID != before.EntryID {
		return fault.BadRequest("Not saved: config was deleted or created again at the same time. Read it and " +
			"write again.")
	}
	if field := store.Conflict(before, now, planned); verified && field != "" {
		return fault.BadRequest("Not saved: %s was changed by somebody else at the same time. Read config and "+
			"write again.", field)
	}
	if err := checkFits(ctx, s, after); err != nil {
		return err
	}
	if err := b.settlePurposes(ctx, s); err != nil {
		return err
	}
	after.StandbyClients = nil // settlePurposes has stored these clients with purpose=standby
	if now.Schema != 0 && reflect.DeepEqual(now, after) {
		return nil
	}
	if after.EntryID == "" {
		after.EntryID = newEntryID()
	}
	return b.entries.config.Put(ctx, s, configKey, after)
}

// checkFits refuses a config whose environment does not fit the stored connection. The caller holds writes,
// because the connection may have been changed or deleted since the request was checked against it.
func checkFits(ctx context.Context, s logical.Storage, c config) error {
	settings, err := storedConnection(ctx, s)
	if err != nil {
		return err
	}
	_, err = settings.settings(c.Environment)
	return err
}

// changedConfig returns the stored config, or the zero config if there is none, and the config with
// the request's changes.
func (b *backend) changedConfig(ctx context.Context, s logical.Storage,
	d *framework.FieldData) (stored, changed config, err error) {
	stored, err = loadConfig(ctx, s)
	if errors.Is(err, store.ErrNotFound) {
		changed = newConfig()
		return config{}, changed, changed.change(d)
	}
	if err != nil {
		return stored, stored, err
	}
	changed = stored
	changed.Versioned = store.Current
	return stored, changed, changed.change(d)
}

const configHelp = `
One mount is for one Paxos environment and one Paxos Entity. The first write names the
environment, which is then fixed. Create the root client in the Paxos Dashboard, under
Admin > API Management. A role without a client of its own can get at most the scopes of
the root client.

    vault write paxos/config environment=sandbox client_id=$CLIENT_ID \
        client_secret=@secret.txt

A write with a client_secret verifies it with one token request for verify_scope, and
revokes that token at once. If Paxos rejects the secret, nothing is stored.
verify_connection=false skips the verification.

A new secret for the same client_id is the same as a write to config/rotate-root:
tokens that were requested with the old secret stay valid until they expire. Writing
the stored secret again changes nothing. Another client_id is refused: write it to
config/replace-root.

Parameters that are left out keep their value. A delete is refused while valid tokens
or leased clients need the configuration, and while keys sign for the root client.
With force=true, the engine revokes the tokens that it can revoke, deletes the
configuration, and says how many tokens stay valid and which keys no longer sign.
`
