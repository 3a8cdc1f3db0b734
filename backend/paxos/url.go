package paxos

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path"
	"strings"
)

// CanonicalURL returns the same text for all spellings of one address, because Paxos's rate limit does
// not depend on the spelling. It ignores the case of scheme and host, a dot at the end of the host, the
// default port, and by which name or address the URL means this machine. A text that is not a URL is
// returned as it is.
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

// canonicalHost returns the canonical spelling of a host. Every loopback address becomes localhost.
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

// ParseURL parses the address of an endpoint and checks that it can be called safely: https, or http
// on loopback, with a host that may be dialled and a plain path, and without user, query and fragment.
// The name is that of the setting, such as token_url; errors begin with it and do not repeat the
// address, which may hold a password.
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
			return nil, fmt.Errorf("%s has an address that this plugin never connects to", name)
		}
	}
	return u, nil
}

// ParseProxyURL parses the address of a proxy: http or https, with a host and without a path. It must
// not hold credentials, because the setting proxy_url can be read; they have settings of their own.
// Errors do not repeat the address.
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
