package paxos

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// AuthStyle is how a client authenticates at the OAuth2 endpoints (RFC 6749,
// section 2.3.1). It is never probed: a wrong guess costs a token call and, on
// servers of the Hydra family, always fails.
type AuthStyle string

// The two styles of RFC 6749. Paxos documents only post.
const (
	AuthPost  AuthStyle = "post"
	AuthBasic AuthStyle = "basic"
)

// DefaultTimeout bounds a whole call, connecting and reading included;
// MaximumTimeout keeps it well below the 90 s after which Vault gives up.
const (
	DefaultTimeout = 10 * time.Second
	MaximumTimeout = 15 * time.Second
)

// Settings describe a connection. The zero values of all but the endpoints mean
// the system's trusted roots, no proxy, AuthPost and DefaultTimeout.
type Settings struct {
	Endpoints
	TrustedCA     string // PEM; replaces the system's roots
	ProxyURL      string // the environment's proxies are always ignored
	ProxyUsername string
	ProxyPassword Secret
	AuthStyle     AuthStyle
	Timeout       time.Duration
}

// A Connection leads to one Paxos environment. It holds the pool of open
// connections, so it is made once and kept.
type Connection struct {
	settings Settings
	route    string
	http     *http.Client
	now      func() time.Time
}

// Connect checks the settings and returns a Connection that has not called
// anybody yet. Its errors name the setting that is wrong.
func Connect(settings Settings, now func() time.Time) (*Connection, error) {
	for name, address := range map[string]string{
		"token_url": settings.TokenURL, "revoke_url": settings.RevokeURL, "api_url": settings.APIURL,
	} {
		u, err := ParseURL(name, address)
		if err != nil {
			return nil, err
		}
		if u.Scheme == "http" && settings.ProxyURL != "" {
			return nil, fmt.Errorf("proxy_url cannot be used while %s is http: the proxy would see the secret", name)
		}
	}
	if settings.Timeout == 0 {
		settings.Timeout = DefaultTimeout
	}
	transport := &http.Transport{
		DialContext:            dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    dialTimeout,
		ResponseHeaderTimeout:  settings.Timeout,
		MaxResponseHeaderBytes: maximumReply,
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        90 * time.Second,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // a small reply may not grow into a large one
	}
	if settings.TrustedCA != "" {
		pool, err := ParseCertificates(settings.TrustedCA)
		if err != nil {
			return nil, err
		}
		transport.TLSClientConfig.RootCAs = pool
	}
	if settings.ProxyURL != "" {
		proxy, err := ParseProxyURL(settings.ProxyURL)
		if err != nil {
			return nil, err
		}
		if settings.ProxyUsername != "" {
			proxy.User = url.UserPassword(settings.ProxyUsername, settings.ProxyPassword.Reveal())
		}
		transport.Proxy = http.ProxyURL(proxy)
	}
	return &Connection{
		settings: settings,
		route:    settings.Route(),
		now:      now,
		http: &http.Client{
			Transport:     cappedTransport{transport},
			Timeout:       settings.Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Close lets go of idle connections. Calls under way go on.
func (c *Connection) Close() { c.http.CloseIdleConnections() }

// Endpoints returns where the connection leads.
func (c *Connection) Endpoints() Endpoints { return c.settings.Endpoints }

// authStyle is the style in force.
func (s Settings) authStyle() AuthStyle {
	if s.AuthStyle == "" {
		return AuthPost
	}
	return s.AuthStyle
}

// Fingerprint identifies where a secret would be sent and whom the sender trusts
// to be there: the three URLs and the CA. A secret proved over one fingerprint is
// not sent over another.
func (s Settings) Fingerprint() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{s.TokenURL, s.RevokeURL, s.APIURL, s.TrustedCA}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// Route identifies the route of calls to Paxos: where they go and through which proxy, however the
// addresses are spelt. Paxos throttles by the address that a call comes from, and so by route.
func (s Settings) Route() string {
	s.Endpoints = s.Endpoints.canonical()
	sum := sha256.Sum256([]byte(s.Fingerprint() + "\x00" + CanonicalURL(s.ProxyURL)))
	return hex.EncodeToString(sum[:16])
}

// ParseURL checks an endpoint's address: https, or http on loopback, with a host
// and nothing that could carry a secret or change the call.
func ParseURL(name, address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case address == "":
		return nil, fmt.Errorf("%s is missing", name)
	case err != nil || u.Host == "" || u.Hostname() == "":
		return nil, fmt.Errorf("%s is not a URL of the form https://host/path", name)
	case u.User != nil:
		return nil, fmt.Errorf("%s must not contain a user name or password", name)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(address, "#"):
		return nil, fmt.Errorf("%s must not contain a query or a fragment", name)
	case strings.HasSuffix(u.Path, "/") || strings.Contains(u.EscapedPath(), "%") || strings.Contains(u.Path, ".."):
		return nil, fmt.Errorf("%s must have a plain path that does not end in a slash", name)
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, fmt.Errorf("%s must use https; http is allowed on loopback only", name)
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("%s must use https", name)
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil {
		if err := checkAddress(netip.AddrPortFrom(ip, 443).String(), true); err != nil {
			return nil, fmt.Errorf("%s names an address that is never dialled", name)
		}
	}
	return u, nil
}

// ParseProxyURL checks the address of a proxy: http or https, a host, no path and
// no credentials (those have settings of their own, which are never read back).
func ParseProxyURL(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https"):
		return nil, errors.New("proxy_url is not a URL of the form http://host:port")
	case u.User != nil:
		return nil, errors.New("proxy_url must not contain a user name or password; use proxy_username and " +
			"proxy_password")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("proxy_url must not contain a path, a query or a fragment")
	}
	return u, nil
}

// ParseCertificates reads a PEM bundle of one certificate or more.
func ParseCertificates(bundle string) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(bundle)) {
		return nil, errors.New("override_trusted_ca holds no PEM certificate")
	}
	return pool, nil
}

// isLoopback reports whether the URL itself says loopback; what a name resolves
// to is judged when it is dialled.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
