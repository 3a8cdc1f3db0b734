package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"

	"vault-plugin-secrets-paxos/backend/signing/transport"
)

// explain returns the problem of a request that had no answer of Paxos.
func (p *proxy) explain(err error) *problem {
	var no *refusal
	var none *unavailable
	var dial *net.OpError
	var certificate *tls.CertificateVerificationError
	var timeout net.Error
	switch {
	case errors.As(err, &no) && no.status == http.StatusTooManyRequests:
		return newProblem(no.status, "refused-by-vault", no.words)
	case errors.As(err, &no) && strings.Contains(no.words, "permission denied"):
		return newProblem(http.StatusForbidden, "refused-by-vault", "Vault says: "+no.words+". The proxy's Vault token "+
			"has expired or was revoked, or its policy does not allow the role's token/ path or the signer's sign/ path. "+
			"The request was not sent. Contact your Vault operators.")
	case errors.As(err, &no):
		return newProblem(http.StatusForbidden, "refused-by-vault", no.words)
	case errors.As(err, &none):
		return errNoVault // the log has the reason
	case errors.Is(err, transport.ErrOtherClient):
		if !p.differed.Swap(true) {
			p.log.Warn("the role and the signer use different clients of Paxos: make them use the same client",
				"role", p.role, "signer", p.signer)
		}
		return errOtherClient
	case errors.Is(err, transport.ErrTooLarge):
		return errTooLargeToSign
	case errors.Is(err, transport.ErrNotText):
		return newProblem(http.StatusBadRequest, "body",
			"The body must be UTF-8, because it is signed. The request was not sent.")
	case errors.Is(err, transport.ErrElsewhere):
		return newProblem(http.StatusNotFound, "no-operation",
			"The request is not an operation of Paxos's API. It was not sent.")
	}
	p.log.Warn("Paxos did not answer", "reason", cause(err))
	switch {
	case errors.As(err, &dial) && dial.Op == "dial", errors.As(err, &certificate):
		return errNoConnection
	case errors.As(err, &timeout) && timeout.Timeout():
		return errTimeout
	}
	return errBroken
}

// cause returns why there was no answer. Other errors than these may quote what was sent or received,
// which must not be logged.
func cause(err error) string {
	var network *net.OpError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var certificate x509.CertificateInvalidError
	var timeout net.Error
	switch {
	case errors.As(err, &network):
		return network.Error()
	case errors.As(err, &unknown):
		return unknown.Error()
	case errors.As(err, &name):
		return name.Error()
	case errors.As(err, &certificate):
		return certificate.Error()
	case errors.Is(err, context.Canceled):
		return "the caller closed the connection"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	}
	return "the connection broke, or the answer was not HTTP"
}
