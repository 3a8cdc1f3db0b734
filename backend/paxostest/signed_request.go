package paxostest

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// signatureLifetime is how long after its timestamp a signature is accepted, and signatureLead how far
// its timestamp may lie in the future. The first is documented; the second is a guess.
const (
	signatureLifetime = 30 * time.Minute
	signatureLead     = 5 * time.Minute
)

// rawSignatureSize is the size of the signatures of both algorithms, in bytes. ES256 has r and s of 32
// bytes each (RFC 7518, section 3.4), and not the ASN.1 form that most libraries make.
const rawSignatureSize = 64

// checkSignature returns the Key ID of the signature of a request, or an error that says why the
// request is refused.
func (s *Server) checkSignature(r *http.Request, clientID string) (keyID string, err error) {
	signature, err := readSignature(r.Header)
	if err != nil {
		return "", err
	}
	key, err := s.signingKey(signature, clientID)
	if err != nil {
		return "", err
	}
	body := bodyOf(r)
	if len(signature.payload) == 0 && len(signedPayload(r.Method, body)) > 0 {
		return "", errors.New("the payload of Paxos-Signature is detached")
	}
	if err := signature.verify(key); err != nil {
		return "", err
	}
	if err := signature.matchRequest(r, body); err != nil {
		return "", err
	}
	return key.ID, signature.matchTime(s.now())
}

// signingKey returns the key that the signature names, if the client may sign with it. It also checks
// what the type of the key decides.
func (s *Server) signingKey(signature requestSignature, clientID string) (PublicKey, error) {
	keyID, err := signature.text("kid")
	if err != nil {
		return PublicKey{}, err
	}
	key, owner, found := s.publicKey(keyID)
	switch {
	case !found:
		return PublicKey{}, fmt.Errorf("unknown Key ID: %s", keyID)
	case owner != clientID:
		return PublicKey{}, fmt.Errorf("the Key ID belongs to another credential: %s", keyID)
	case !key.Active:
		return PublicKey{}, fmt.Errorf("the Key ID is not active: %s", keyID)
	}
	algorithm, err := signature.text("alg")
	switch {
	case err != nil:
		return PublicKey{}, err
	case strings.EqualFold(algorithm, "none"):
		return PublicKey{}, errors.New("alg none is not accepted")
	case algorithm != key.Algorithm:
		return PublicKey{}, fmt.Errorf("alg %q is not that of the key, which is %s", algorithm, key.Algorithm)
	case len(signature.raw) != rawSignatureSize:
		return PublicKey{}, fmt.Errorf("the signature has %d bytes instead of %d", len(signature.raw),
			rawSignatureSize)
	}
	return key, nil
}

// signedPayload returns what the payload of a signature must be: the body of a POST or PUT, byte for
// byte, and nothing for other methods.
func signedPayload(method string, body []byte) []byte {
	if method == http.MethodPost || method == http.MethodPut {
		return body
	}
	return nil
}

// matchRequest returns an error unless the signature is for this method, path, query and body.
func (s requestSignature) matchRequest(r *http.Request, body []byte) error {
	method, err := s.text("paxos.com/request-method")
	if err != nil {
		return err
	}
	target, err := s.text("paxos.com/request-path")
	if err != nil {
		return err
	}
	path, query, asks := strings.Cut(target, "?")
	sentPath, sentQuery, sentAsks := strings.Cut(r.URL.RequestURI(), "?")
	switch {
	case method != r.Method:
		return errors.New("Paxos-Signature is for another method")
	case path != sentPath:
		return errors.New("Paxos-Signature is for another path")
	case query != sentQuery || asks != sentAsks:
		return errors.New("Paxos-Signature is for another query")
	case !bytes.Equal(s.payload, signedPayload(r.Method, body)):
		return errors.New("Paxos-Signature is for another body")
	}
	return nil
}

// matchTime returns an error unless the signature may be used now.
func (s requestSignature) matchTime(now time.Time) error {
	text, err := s.text("paxos.com/timestamp")
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseUint(text, 10, 40) // 40 bits last for 34,000 years, and cannot overflow
	if err != nil {
		return errors.New("paxos.com/timestamp in Paxos-Signature is not a number of seconds")
	}
	signedAt := time.Unix(int64(seconds), 0)
	switch {
	case signedAt.After(now.Add(signatureLead)):
		return errors.New("paxos.com/timestamp in Paxos-Signature is in the future")
	case !now.Before(signedAt.Add(signatureLifetime)):
		return errors.New("Paxos-Signature has expired")
	}
	return nil
}
