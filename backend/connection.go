package backend

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/store"
)

// connection says which servers secrets are sent to, and how. Its fields stay comparable with ==,
// because sessionFor compares a whole connection with that of the open session.
type connection struct {
	store.Versioned
	TokenURL       string        `json:"token_url"`
	RevokeURL      string        `json:"revoke_url"`
	APIURL         string        `json:"api_url"`
	TrustedCA      string        `json:"override_trusted_ca"`
	ProxyURL       string        `json:"proxy_url"`
	ProxyUsername  string        `json:"proxy_username"`
	ProxyPassword  string        `json:"proxy_password"`
	AuthStyle      string        `json:"auth_style"`
	RequestTimeout time.Duration `json:"request_timeout"`
	NeverRevoke    bool          `json:"never_revoke"`
}

// newConnection returns the connection that counts before the first write.
func newConnection() connection {
	return connection{Versioned: store.Current, AuthStyle: string(paxos.AuthPost), RequestTimeout: paxos.DefaultTimeout}
}

// change applies the parameters of a request to the connection, and returns an error for the caller
// if the result is not allowed.
func (c *connection) change(d *framework.FieldData) error {
	before := *c
	input.Patch(d, "token_url", &c.TokenURL)
	input.Patch(d, "revoke_url", &c.RevokeURL)
	input.Patch(d, "api_url", &c.APIURL)
	input.Patch(d, "override_trusted_ca", &c.TrustedCA)
	input.Patch(d, "proxy_url", &c.ProxyURL)
	input.Patch(d, "proxy_username", &c.ProxyUsername)
	input.Patch(d, "proxy_password", &c.ProxyPassword)
	input.Patch(d, "auth_style", &c.AuthStyle)
	input.PatchSeconds(d, "request_timeout", &c.RequestTimeout)
	input.Patch(d, "never_revoke", &c.NeverRevoke)
	for _, address := range []struct{ name, value string }{
		{"token_url", c.TokenURL}, {"revoke_url", c.RevokeURL}, {"api_url", c.APIURL},
	} {
		if address.value == "" {
			continue
		}
		if _, err := paxos.ParseURL(address.name, address.value); err != nil {
			return fault.Invalid(err)
		}
	}
	if c.TrustedCA != "" {
		if _, err := paxos.ParseCertificates(c.TrustedCA); err != nil {
			return fault.Invalid(err)
		}
	}
	// Somebody who may write here could otherwise have the stored password sent to a server of
	// their own.
	if _, given := d.Raw["proxy_password"]; !given && c.ProxyURL != before.ProxyURL && before.ProxyPassword != "" {
		return fault.BadRequest("proxy_password is stored for the current proxy_url and is not sent to another proxy. " +
			"Write it again together with the new proxy_url, or write it empty if the new proxy needs none.")
	}
	return c.checkTransport()
}

// elsewhere reports whether this connection sends secrets to other servers than the other one does,
// or trusts other certificates.
func (c connection) elsewhere(other connection) bool {
	return c.TokenURL != other.TokenURL || c.RevokeURL != other.RevokeURL || c.APIURL != other.APIURL ||
		c.TrustedCA != other.TrustedCA
}

// checkTransport checks the settings that change how the servers are reached, but not which they
// are.
func (c *connection) checkTransport() error {
	if c.ProxyURL != "" {
		if _, err := paxos.ParseProxyURL(c.ProxyURL); err != nil {
			return fault.Invalid(err)
		}
	}
	switch {
	case c.ProxyURL == "" && (c.ProxyUsername != "" || c.ProxyPassword != ""):
		return fault.BadRequest("proxy_url is required if proxy_username or proxy_password is set.")
	case c.ProxyPassword != "" && c.ProxyUsername == "":
		return fault.BadRequest("proxy_username is required if proxy_password is set.")
	case c.AuthStyle != string(paxos.AuthPost) && c.AuthStyle != string(paxos.AuthBasic):
		return fault.BadRequest("auth_style must be post or basic.")
	case c.RequestTimeout < time.Second || c.RequestTimeout > paxos.MaximumTimeout:
		return fault.BadRequest("request_timeout must be between 1s and %s.", paxos.MaximumTimeout)
	}
	return nil
}

// settings returns the connection completed with the URLs of the environment. It fails if the
// environment has fixed URLs and the connection has some too, or if the environment is custom and
// the connection lacks one.
func (c connection) settings(environment string) (paxos.Settings, error) {
	own := paxos.Endpoints{TokenURL: c.TokenURL, RevokeURL: c.RevokeURL, APIURL: c.APIURL}
	where, fixed := endpoints(environment)
	switch {
	case fixed && own != paxos.Endpoints{}:
		return paxos.Settings{}, fault.BadRequest("environment=%s has fixed URLs. token_url, revoke_url and api_url are "+
			"for environment=custom only: leave them out, or remove them with `vault write %sconfig/connection "+
			"token_url= revoke_url= api_url=`.", environment, mountMark)
	case !fixed && (own.TokenURL == "" || own.RevokeURL == "" || own.APIURL == ""):
		return paxos.Settings{}, fault.BadRequest("environment=custom needs URLs. Store them first with `vault write "+
			"%sconfig/connection token_url=<URL> revoke_url=<URL> api_url=<URL>`.", mountMark)
	case !fixed:
		where = own
	}
	style := paxos.AuthStyle(c.AuthStyle)
	if style == "" {
		style = paxos.AuthPost
	}
	return paxos.Settings{
		Endpoints: where, TrustedCA: c.TrustedCA,
		ProxyURL: c.ProxyURL, ProxyUsername: c.ProxyUsername, ProxyPassword: paxos.Hide(c.ProxyPassword),
		AuthStyle: style, Timeout: c.RequestTimeout,
	}, nil
}

// dangers describes the options in force that weaken security, each as "option: why" without a full stop.
// It never returns nil.
func (c connection) dangers() []string {
	dangers := []string{}
	if c.NeverRevoke {
		dangers = append(dangers, "never_revoke: tokens are not revoked at Paxos. After their lease they stay "+
			"valid for up to an hour")
	}
	if u, err := url.Parse(c.TokenURL); err == nil && u.Scheme == "http" {
		dangers = append(dangers, fmt.Sprintf("token_url: secrets are sent unencrypted to %s", u.Hostname()))
	}
	return dangers
}

// storedConnection reads the connection from storage, or returns the defaults if there is none.
func storedConnection(ctx context.Context, s logical.Storage) (connection, error) {
	return store.LoadOr(ctx, s, connectionKey, newConnection)
}

// cachedConnection returns the connection from memory or storage, or the defaults if there is none.
func (b *backend) cachedConnection(ctx context.Context, s logical.Storage) (connection, error) {
	return b.entries.connection.Get(ctx, s, connectionKey)
}
