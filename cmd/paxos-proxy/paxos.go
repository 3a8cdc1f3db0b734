package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

// newPaxosClient returns what sends requests to Paxos. It uses no proxy of the environment. With a file
// it trusts the certificate authorities in it, and no others.
func newPaxosClient(caFile string, timeout time.Duration) (*http.Transport, error) {
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile != "" {
		text, err := os.ReadFile(caFile)
		if err != nil {
			return nil, fmt.Errorf("-ca-file: %w", err)
		}
		trust.RootCAs = x509.NewCertPool()
		if !trust.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("-ca-file: %s has no certificate in PEM", caFile)
		}
	}
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: timeout,
		// Before Paxos closes an idle connection, so that no request is lost on one that is being
		// closed.
		IdleConnTimeout:     30 * time.Second,
		MaxIdleConnsPerHost: 64, MaxResponseHeaderBytes: 64 << 10,
		DisableCompression: true, ForceAttemptHTTP2: true,
		TLSClientConfig: trust,
	}, nil
}
