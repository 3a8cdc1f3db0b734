package paxos

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"syscall"
)

// failure returns the Error for a call without a usable reply. It describes the cause in its own words,
// because errors of net/http can quote what the other side sent.
func (c *Connection) failure(ctx context.Context, doing, address string, err error) *Error {
	e := &Error{Doing: doing}
	if u, parseErr := url.Parse(address); parseErr == nil {
		e.Host = u.Host
	}
	var (
		operation   *net.OpError
		network     net.Error
		authority   x509.UnknownAuthorityError
		hostname    x509.HostnameError
		certificate x509.CertificateInvalidError
	)
	late := errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &network) && network.Timeout()
	switch {
	case errors.Is(err, errReplyTooLarge):
		e.Reason = errReplyTooLarge.Error()
	// an error that is not a url.Error comes from the OAuth2 library, which could not read the reply
	case errors.Is(err, errMalformedReply), !errors.As(err, new(*url.Error)):
		e.Reason = errMalformedReply.Error()
	case errors.Is(err, errForbiddenAddress):
		e.Reason = errForbiddenAddress.Error()
	case errors.As(err, &authority):
		e.Reason = "the server's certificate is signed by an unknown authority; check override_trusted_ca"
	case errors.As(err, &hostname):
		e.Reason = "the server's certificate is for another host"
	case errors.As(err, &certificate):
		e.Reason = "the server's certificate is not valid (expired, or not for this use)"
	case late && ctx.Err() == nil && !(errors.As(err, &operation) && operation.Op == "dial"):
		e.Reason, e.Waited = "no answer in time", c.settings.Timeout
	default:
		e.Reason, e.Unreachable = connectionProblem(err, late), true
	}
	e.Malformed = errors.Is(err, io.ErrUnexpectedEOF) // a reply that ended early
	return e
}

// connectionProblem describes why there is no connection; late says that a deadline passed.
func connectionProblem(err error, late bool) string {
	var lookup *net.DNSError
	switch {
	case errors.As(err, &lookup):
		return "the host name could not be resolved"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET):
		return "connection reset"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "no route to the host"
	case late:
		return "no answer in time"
	case errors.Is(err, context.Canceled):
		return "the call was canceled"
	}
	return "the connection failed"
}
