package backend

import (
	"context"
	"errors"
	"strconv"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
)

func (b *backend) pathConnection() *framework.Path {
	return &framework.Path{
		Pattern:         connectionPath + "$",
		HelpSynopsis:    "Where secrets are sent: URLs, trusted CA, proxy, timeouts. Needs sudo.",
		HelpDescription: connectionHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos", ItemType: "Connection"},
		Fields: spec.Parameters{
			"token_url": {Type: framework.TypeString, Example: "https://oauth.paxos.example/oauth2/token",
				Text: "Token endpoint. Only for environment=custom. It must be https, or http on loopback. Fixed while " +
					"a secret is stored."},
			"revoke_url": {Type: framework.TypeString, Example: "https://oauth.paxos.example/oauth2/revoke",
				Text: "Revocation endpoint (RFC 7009). Only for environment=custom. Fixed while a secret is stored."},
			"api_url": {Type: framework.TypeString, Example: "https://api.paxos.example/v2",
				Text: "Address of the Paxos API with its version. Only for environment=custom. Fixed while a secret is " +
					"stored."},
			"override_trusted_ca": {Type: framework.TypeString, Multiline: true, Example: "@ca.pem",
				Otherwise: "the system's certificates",
				Text:      "Certificates (PEM) that are trusted instead of the system's. Fixed while a secret is stored."},
			"proxy_url": {Type: framework.TypeString, Example: "http://proxy.example.com:3128",
				Text: "Proxy for every call to Paxos. Vault's own proxy variables (HTTPS_PROXY) are ignored."},
			"proxy_username": {Type: framework.TypeString, Example: "vault", Text: "User name for the proxy."},
			"proxy_password": {Type: framework.TypeString, Example: "@proxy-password.txt", Sensitive: true,
				Text: "Password for the proxy. Write-only: it is never shown."},
			"auth_style": {
				Type: framework.TypeString, Default: string(paxos.AuthPost), Example: string(paxos.AuthBasic),
				Allowed: []string{string(paxos.AuthPost), string(paxos.AuthBasic)},
				Text: "How a client authenticates at the token endpoint: post (in the body, as Paxos documents) or " +
					"basic (HTTP Basic).",
			},
			"request_timeout": {
				Type: framework.TypeDurationSecond, Default: paxos.DefaultTimeout, Example: "5s",
				Text: "Longest time for one call to Paxos, with connecting and reading, from 1s to 15s.",
			},
			"never_revoke": {Type: framework.TypeBool, Example: "true",
				Text: "Dangerous. Whether to never call the revocation endpoint. Tokens then stay valid after their " +
					"lease has ended, until they expire. A lockdown revokes them all the same."},
		}.Fields(),
		Operations: spec.Operations{
			logical.ReadOperation: spec.Displayed(spec.Reading(b.readConnection,
				"Read the connection. The proxy's password is never shown.", spec.Body("The connection.",
					connectionAnswer)), "read", "connection"),
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.writeConnection,
				"Set the connection. Parameters that are left out keep their value.",
				spec.NoBody("Stored.")), "configure", "connection"),
			logical.PatchOperation: spec.Displayed(spec.OnActive(b.writeConnection,
				"Change parts of the connection. null resets a parameter to its default.",
				spec.NoBody("Stored.")), "patch", "connection"),
			logical.DeleteOperation: spec.Displayed(spec.OnActive(b.deleteConnection,
				"Reset the connection to its defaults.", spec.NoBody("Deleted.")), "delete", "connection"),
		},
	}
}

// connectionAnswer describes the answer of a read of config/connection.
var connectionAnswer = spec.Fields{
	"token_url": spec.Required(framework.TypeString,
		"Token endpoint in force. Empty until config names the environment."),
	"revoke_url": spec.Required(framework.TypeString,
		"Revocation endpoint in force. Empty until config names the environment."),
	"api_url": spec.Required(framework.TypeString,
		"Address of the Paxos API in force. Empty until config names the environment."),
	"override_trusted_ca": spec.Required(framework.TypeString,
		"Certificates (PEM) that are trusted instead of the system's."),
	"proxy_url":       spec.Required(framework.TypeString, "Proxy for every call to Paxos."),
	"proxy_username":  spec.Required(framework.TypeString, "User name for the proxy."),
	"auth_style":      spec.Required(framework.TypeString, "post or basic."),
	"request_timeout": spec.Required(framework.TypeInt64, "Longest time for one call to Paxos, in seconds."),
	"never_revoke":    spec.Required(framework.TypeBool, "Whether tokens are left to expire instead of being revoked."),
	"dangerous_options": spec.Required(framework.TypeStringSlice,
		"Options in force that weaken security, each with the reason."),
}

// readConnection answers GET config/connection. It shows the URLs in force, which are those of the
// environment if that has fixed ones, and the defaults where nothing was written.
func (b *backend) readConnection(ctx context.Context, req *logical.Request,
	_ *framework.FieldData) (*logical.Response, error) {
	c, err := storedConnection(ctx, req.Storage)
	if err != nil {
		return nil, err
	}
	inForce := paxos.Endpoints{TokenURL: c.TokenURL, RevokeURL: c.RevokeURL, APIURL: c.APIURL}
	if mount, err := loadConfig(ctx, req.Storage); err == nil {
		if fixed, ok := endpoints(mount.Environment); ok {
			inForce = fixed
		}
	} else if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{
		"token_url":           inForce.TokenURL,
		"revoke_url":          inForce.RevokeURL,
		"api_url":             inForce.APIURL,
		"override_trusted_ca": c.TrustedCA,
		"proxy_url":           c.ProxyURL,
		"proxy_username":      c.ProxyUsername,
		"auth_style":          c.AuthStyle,
		"request_timeout":     spec.Seconds(c.RequestTimeout),
		"never_revoke":        c.NeverRevoke,
		"dangerous_options":   c.dangers(),
	}}, nil
}

// writeConnection answers POST and PATCH config/connection. While a secret is stored, the servers
// that it was stored for cannot be changed. Otherwise somebody who may write here could have the
// secret sent to a server of their own.
func (b *backend) writeConnection(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	b.writes.Lock()
	defer b.writes.Unlock()
	c, err := storedConnection(ctx, req.Storage)
	if err != nil {
		return nil, err
	}
	before := c
	c.Versioned = store.Current
	if err := c.change(d); err != nil {
		return nil, err
	}
	if err := b.checkConnection(ctx, req.Storage, before, c); err != nil {
		return nil, err
	}
	if err := b.entries.connection.Put(ctx, req.Storage, connectionKey, c); err != nil {
		return nil, err
	}
	b.announceChange(configWritten, connectionPath, req.Operation)
	return spec.Warned(fault.Sentences(c.dangers())...), nil
}

// checkConnection returns an error for the caller if the changed connection does not fit the
// environment, or if it leads to other servers while a secret is stored. Secrets are checked even
// if there is no config at the moment, because config can be deleted while stored clients remain.
func (b *backend) checkConnection(ctx context.Context, s logical.Storage, before, after connection) error {
	mount, err := loadConfig(ctx, s)
	// Without config there is no environment to check against. The write of config will check it.
	unconfigured := errors.Is(err, store.ErrNotFound)
	if err != nil && !unconfigured {
		return err
	}
	fingerprint := ""
	if !unconfigured {
		settings, err := after.settings(mount.Environment)
		if err != nil {
			return err
		}
		if _, err := paxos.Connect(settings, b.options.Now); err != nil {
			return fault.Invalid(err)
		}
		fingerprint = settings.Fingerprint()
	}
	if !after.elsewhere(before) {
		return nil
	}
	const locked = "token_url, revoke_url, api_url and override_trusted_ca cannot be changed while the %s is " +
		"stored, so that the secret cannot be sent to another server. Delete %s%s, change the connection, then store " +
		"the secret again."
	root, err := storedRoot(ctx, s)
	if err != nil {
		return err
	}
	for _, g := range root.Generations {
		if g.Connection != fingerprint {
			return fault.BadRequest(locked, "root client's secret", mountMark, "config")
		}
	}
	return eachStoredClient(ctx, s, func(name string, n storedClient) error {
		for _, g := range n.Generations {
			if g.Connection != fingerprint {
				return fault.BadRequest(locked, "secret of client "+strconv.Quote(name), mountMark, clientsPrefix+name)
			}
		}
		return nil
	})
}

const connectionHelp = `
With environment=production or sandbox, the engine uses Paxos's own URLs. With
environment=custom, set all three URLs here before you write config.

A secret is only sent over the connection that it was verified on. So the URLs and the
trusted CA cannot be changed while a secret of the root client or of a stored client
depends on them.

A delete gives every parameter its default back. It is refused while config, the root
client or a stored client depends on the connection, and the error names these.

Redirects are never followed. Vault's proxy variables (HTTPS_PROXY) are ignored.
Link-local and metadata addresses are never called.
`
