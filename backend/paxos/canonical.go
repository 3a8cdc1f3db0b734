package paxos

import (
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/netip"
	"net/url"
	"path"
	"strings"
)

// CanonicalURL returns one spelling for all that name the same endpoint, because Paxos
// counts calls by endpoint: the case of the scheme and host, a dot at the end of the
// host, the default port, and the name of the own machine make no difference. What is
// no URL is returned as it is.
func CanonicalURL(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address
	}
	u.Scheme = strings.ToLower(u.Scheme)
	host, port := canonicalHost(u.Hostname()), u.Port()
	switch {
	case port == "" || u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80":
		u.Host = host
		if strings.Contains(host, ":") {
			u.Host = "[" + host + "]"
		}
	default:
		u.Host = net.JoinHostPort(host, strings.TrimLeft(port, "0"))
	}
	if u.Path != "" {
		u.Path = path.Clean(u.Path)
	}
	return u.String()
}

// canonicalHost returns one spelling of a host; every loopback address is localhost.
func canonicalHost(host string) string {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if isLoopback(host) {
		return "localhost"
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().String()
	}
	return host
}

// canonical returns the endpoints in their canonical spelling.
func (e Endpoints) canonical() Endpoints {
	return Endpoints{TokenURL: CanonicalURL(e.TokenURL), RevokeURL: CanonicalURL(e.RevokeURL),
		APIURL: CanonicalURL(e.APIURL)}
}

// Credentials identifies the client's secret and how it is presented where, without
// telling any of it: what Paxos said of one secret says nothing of the next.
func (c *Client) Credentials() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{
		c.connection.route, string(c.connection.settings.AuthStyle), c.id, c.secret.Reveal(),
	}, "\x00")))
	return hex.EncodeToString(sum[:16])
}
