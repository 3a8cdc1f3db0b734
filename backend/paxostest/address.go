package paxostest

import (
	"net"
	"net/http"
)

// URL is the root of everything served, as scheme://host:port.
func (s *Server) URL() string {
	scheme := "http"
	if s.options.TLS {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(s.listener.Addr().String())
	if err != nil { // a TCP listener's address always splits
		return scheme + "://" + s.listener.Addr().String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// TokenURL is where access tokens are minted.
func (s *Server) TokenURL() string { return s.URL() + "/oauth2/token" }

// RevokeURL is where access tokens are revoked.
func (s *Server) RevokeURL() string { return s.URL() + "/oauth2/revoke" }

// APIURL is the base of the API, as https://api.paxos.com/v2 is of the real one.
func (s *Server) APIURL() string { return s.URL() + "/v2" }

// CACertificate is the throw-away authority's certificate in PEM, or empty without TLS.
func (s *Server) CACertificate() string { return s.certificate }

// hosts lists the names and addresses by which this machine may call the server its own.
func (s *Server) hosts() []string {
	hosts := []string{"127.0.0.1", "::1", "localhost"}
	if host, _, err := net.SplitHostPort(s.listener.Addr().String()); err == nil {
		hosts = append(hosts, host)
	}
	return hosts
}

// clientIP is the address a request came from. No forwarding header is trusted, so no client can
// pose as another.
func clientIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
