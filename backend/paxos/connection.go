package paxos

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// A Connection reaches one Paxos environment. It holds the pool of open TCP connections, so callers
// should make it once and keep it. Use Connect.
type Connection struct {
	settings Settings
	route    string // Settings.Route, which is worked out once
	http     *http.Client
	now      func() time.Time
}

// Connect checks the settings and returns a Connection. It makes no call. An error names the setting
// that is wrong and repeats none of its value. The clock, now, dates grants and reads Retry-After.
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
		DisableCompression:     true, // so that a small reply cannot become a large one
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
			Transport:     cappedTransport{datedTransport{transport, settings.OnDate, now}},
			Timeout:       settings.Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Close closes idle TCP connections. Calls that are in progress continue.
func (c *Connection) Close() { c.http.CloseIdleConnections() }

// Endpoints returns the addresses that the connection was made for.
func (c *Connection) Endpoints() Endpoints { return c.settings.Endpoints }
