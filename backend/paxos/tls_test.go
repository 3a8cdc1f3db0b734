package paxos_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// TestCertificates checks which servers the client accepts as Paxos.
func TestCertificates(t *testing.T) {
	t.Parallel()
	trusted, stranger := newAuthority(t), newAuthority(t)
	for name, test := range map[string]struct {
		certificate tls.Certificate
		versions    [2]uint16
		bundle      string
		want        string // part of the reason; empty if a grant is expected
	}{
		"the right authority": {
			certificate: trusted.sign(t, nil), bundle: trusted.bundle,
		},
		"the right authority among others": {
			certificate: trusted.sign(t, nil), bundle: stranger.bundle + trusted.bundle,
		},
		"the right authority and TLS 1.2": {
			certificate: trusted.sign(t, nil), bundle: trusted.bundle, versions: [2]uint16{tls.VersionTLS12,
				tls.VersionTLS12},
		},
		"an unknown authority, with the system's roots": {
			certificate: stranger.sign(t, nil), want: "unknown authority",
		},
		"an unknown authority": {
			certificate: stranger.sign(t, nil), bundle: trusted.bundle, want: "unknown authority",
		},
		"an expired certificate": {
			certificate: trusted.sign(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }),
			bundle:      trusted.bundle, want: "not valid",
		},
		"a certificate of the future": {
			certificate: trusted.sign(t, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }),
			bundle:      trusted.bundle, want: "not valid",
		},
		"a certificate for clients": {
			certificate: trusted.sign(t, func(c *x509.Certificate) {
				c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
			}),
			bundle: trusted.bundle, want: "not valid",
		},
		"another host": {
			certificate: trusted.sign(t, func(c *x509.Certificate) {
				c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 2)}
			}),
			bundle: trusted.bundle, want: "another host",
		},
		"nothing newer than TLS 1.1": {
			certificate: trusted.sign(t, nil), bundle: trusted.bundle,
			versions: [2]uint16{tls.VersionTLS10, tls.VersionTLS11}, want: "the connection failed",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := serveTLS(t, &tls.Config{
				Certificates: []tls.Certificate{test.certificate},
				MinVersion:   test.versions[0], MaxVersion: test.versions[1],
			})
			connection := connect(t, paxos.Settings{Endpoints: endpoints(root), TrustedCA: test.bundle})
			grant, err := connection.Client("id", paxos.Hide("secret")).RequestToken(t.Context(), nil)
			if test.want == "" {
				if err != nil || grant.AccessToken.Reveal() != "opaque" {
					t.Errorf("got %v", err)
				}
				return
			}
			failure := asError(t, err)
			if failure.Status != 0 || !strings.Contains(failure.Reason, test.want) {
				t.Errorf("got %q, want %q", failure.Reason, test.want)
			}
			checkNoCanary(t, err)
		})
	}
}

// TestStandInOverTLS makes a call to the stand-in over TLS, with its own certificate.
func TestStandInOverTLS(t *testing.T) {
	t.Parallel()
	server := startPaxos(t, paxostest.Options{TLS: true})
	credential, secret := createCredential(t, server, paxostest.Credential{Scopes: []string{"transfer:read"}})
	connection := connect(t, paxos.Settings{Endpoints: endpoints(server.URL()), TrustedCA: server.CACertificate()})
	client := connection.Client(credential.ClientID, paxos.Hide(secret))
	grant, err := client.RequestToken(t.Context(), []string{"transfer:read"})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Revoke(t.Context(), grant.AccessToken); err != nil || server.Alive(grant.AccessToken.Reveal()) {
		t.Errorf("the token is still valid: %v", err)
	}
}
