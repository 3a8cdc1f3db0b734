package paxos

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
)

// signatureHeader is the HTTP header that has the signature of a request
// (https://docs.paxos.com/guides/developer/request-signing).
const signatureHeader = "Paxos-Signature"

// apiVersion is the path under which Paxos serves its API. Signatures name paths that begin with
// it, whatever the path of a gateway in between (Endpoints.APIURL) is.
const apiVersion = "/v2"

// A Bearer is an access token, and the Client ID of the client that it was issued to. A request
// that carries the token may be signed with a key of that client only.
type Bearer struct {
	ClientID string
	Token    Secret
}

// attribute records on an error of a call with the token which client it was issued to, and returns
// the error.
func (b Bearer) attribute(err error) error {
	if failed := new(Error); errors.As(err, &failed) {
		failed.ClientID = b.ClientID
	}
	return err
}

// A Signer returns the signature of a request to the API that carries a token of the client: the
// value of the header Paxos-Signature. It returns "" if the client has no key that signs. The
// target is the path with /v2 and the query, as they are sent.
type Signer func(ctx context.Context, clientID, method, target string, body []byte) (signature string, err error)

// A SignatureProblem says what the refusal of a request may have to do with its signature.
type SignatureProblem int

// How Paxos refuses a request without a signature is not documented. The two certain ones are told
// by the words of the refusal.
const (
	NoSignatureProblem   SignatureProblem = iota
	MaybeUnsigned                         // it had no signature, which may be why it was refused
	MaybeNotAccepted                      // it had a signature, which may be why it was refused
	Unsigned                              // it had no signature, and the refusal speaks of signatures
	SignatureNotAccepted                  // it had a signature, and the refusal speaks of signatures
)

// Certain reports whether the refusal says nothing about the token or its scopes, because it is
// about the signature.
func (p SignatureProblem) Certain() bool { return p == Unsigned || p == SignatureNotAccepted }

// judgeSignature finds out whether the refusal of a request to the API is about its signature.
func (e *Error) judgeSignature(req *http.Request, body []byte) {
	calls := strings.HasPrefix(req.Header.Get("Authorization"), "Bearer ")
	refused := e.Status == http.StatusBadRequest || e.Status == http.StatusUnauthorized ||
		e.Status == http.StatusForbidden
	if !calls || !refused {
		return
	}
	signed, speaks := req.Header.Get(signatureHeader) != "", mentionsSignature(body)
	switch {
	case signed && speaks:
		e.Signature = SignatureNotAccepted
		e.Reason = "it does not accept the signature of the request; check in the Dashboard that the key's public " +
			"key is active and has this Key ID"
	case !signed && speaks:
		e.Signature = Unsigned
		e.Reason = "it requires a signature, and the client has no signing key with a Key ID; create a key under " +
			"keys/, register its public key in the Dashboard and store its Key ID"
	case e.Status == http.StatusBadRequest:
	case signed:
		e.Signature = MaybeNotAccepted
	default:
		e.Signature = MaybeUnsigned
	}
}

// mentionsSignature reports whether a refusal speaks of the signature of a request.
func mentionsSignature(body []byte) bool {
	// Servers of OAuth2 say of a token that they do not know that its signature is wrong.
	text := bytes.ReplaceAll(bytes.ToLower(body), []byte("token signature"), nil)
	for _, word := range []string{"signature", "request signing", "request-signing", "request_signing", "jws",
		"key id", "public key"} {
		if bytes.Contains(text, []byte(word)) {
			return true
		}
	}
	return false
}
