package paxostest

import (
	"net"
	"net/http"
)

// URL returns the root of everything that the server serves, as scheme://host:port.
func (s *Server) URL() string {
	scheme := "http"
	if s.options.TLS {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(s.listener.Addr().String())
	if err != nil { // cannot happen: the address of a TCP listener has this form
		return scheme + "://" + s.listener.Addr().String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// TokenURL returns the address of the token endpoint (RFC 6749, section 3.2).
func (s *Server) TokenURL() string { return s.URL() + "/oauth2/token" }

// RevokeURL returns the address of the revocation endpoint (RFC 7009, section 2).
func (s *Server) RevokeURL() string { return s.URL() + "/oauth2/revoke" }

// APIURL returns the base of the API with its version, like https://api.paxos.com/v2.
func (s *Server) APIURL() string { return s.URL() + "/v2" }

// CACertificate returns the certificate, in PEM, of the authority that signed the server's; empty
// without TLS. The authority exists for this server only.
func (s *Server) CACertificate() string { return s.certificate }

// hosts returns the names and addresses by which this machine reaches the server.
func (s *Server) hosts() []string {
	hosts := []string{"127.0.0.1", "::1", "localhost"}
	if host, _, err := net.SplitHostPort(s.listener.Addr().String()); err == nil {
		hosts = append(hosts, host)
	}
	return hosts
}

// clientIP returns the IP address that a request came from. It ignores forwarding headers, so that no
// client can pretend to have another address.
func clientIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
