package paxos

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"strings"
	"time"
)

// AuthStyle is how a client authenticates at the OAuth2 endpoints (RFC 6749, section 2.3.1). The
// package never tries both: a wrong guess costs one of the few token requests that Paxos allows, and
// servers like Paxos's, which accept one style per client, refuse it.
type AuthStyle string

// The two styles of RFC 6749. Paxos documents AuthPost only
// (https://docs.paxos.com/guides/developer/authenticate).
const (
	AuthPost  AuthStyle = "post"  // client_id and client_secret in the body
	AuthBasic AuthStyle = "basic" // both in the Authorization header
)

// How long a whole call may take, from connecting to reading the end of the reply. The maximum is
// well below the 90 seconds after which Vault abandons a request.
const (
	DefaultTimeout = 10 * time.Second
	MaximumTimeout = 15 * time.Second
)

// Settings describe a connection. All three endpoints must be set. The zero value of every other
// field has a meaning, which the field states.
type Settings struct {
	Endpoints
	TrustedCA     string        // PEM certificates that replace the system's roots; empty: the system's roots
	ProxyURL      string        // empty: no proxy, not even one that the process environment names
	ProxyUsername string        // empty: the proxy asks for no credentials
	ProxyPassword Secret        // used only with ProxyUsername
	AuthStyle     AuthStyle     // empty: AuthPost
	Timeout       time.Duration // for a whole call; 0: DefaultTimeout
	// OnDate is called with the Date of each answer of any endpoint, whatever its status, and the time
	// at which the answer was received. It may be called by several goroutines at once. Nil: nobody
	// wants to know.
	OnDate func(date, received time.Time) `json:"-"`
	// Sign signs the requests to the API. It may be called by several goroutines at once. Nil: no
	// request is signed.
	Sign Signer `json:"-"`
}

// authStyle returns the style that calls use.
func (s Settings) authStyle() AuthStyle {
	if s.AuthStyle == "" {
		return AuthPost
	}
	return s.AuthStyle
}

// Fingerprint identifies which servers would get a secret and how they are trusted: the three URLs, as
// they are spelt, and the CA. A secret that was verified over one fingerprint is not sent over
// another. It is 32 hexadecimal digits.
func (s Settings) Fingerprint() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{s.TokenURL, s.RevokeURL, s.APIURL, s.TrustedCA}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// Route identifies the route of calls: the servers that they reach and the proxy that they go through,
// however the addresses are spelt. Paxos limits calls by the IP address that they come from, and the
// proxy decides that address. It is 32 hexadecimal digits.
func (s Settings) Route() string {
	s.Endpoints = s.Endpoints.canonical()
	sum := sha256.Sum256([]byte(s.Fingerprint() + "\x00" + CanonicalURL(s.ProxyURL)))
	return hex.EncodeToString(sum[:16])
}

// ParseCertificates reads PEM text that holds one certificate or more. The error names the setting
// override_trusted_ca.
func ParseCertificates(bundle string) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(bundle)) {
		return nil, errors.New("override_trusted_ca holds no PEM certificate")
	}
	return pool, nil
}
