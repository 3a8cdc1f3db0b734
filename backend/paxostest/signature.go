package paxostest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// signatureHeader is the HTTP header that has the signature of a request
// (https://docs.paxos.com/guides/developer/request-signing).
const signatureHeader = "Paxos-Signature"

// errNotCompact reports a signature that does not have the form of RFC 7515, section 7.1.
var errNotCompact = errors.New("Paxos-Signature is not a JWS in the compact serialization")

// A requestSignature is a JSON Web Signature that was read but not verified yet.
type requestSignature struct {
	compact string
	members map[string]json.RawMessage // of the protected header
	payload []byte
	raw     []byte // the signature itself
}

// readSignature reads the signature of a request from its header.
func readSignature(header http.Header) (requestSignature, error) {
	values := header.Values(signatureHeader)
	switch {
	case len(values) == 0 || len(values) == 1 && values[0] == "":
		return requestSignature{}, errors.New("no Paxos-Signature header set")
	case len(values) > 1:
		return requestSignature{}, errors.New("more than one Paxos-Signature header set")
	}
	parts := strings.Split(values[0], ".")
	if len(parts) != 3 {
		return requestSignature{}, errNotCompact
	}
	var decoded [3][]byte
	for i, part := range parts {
		var err error
		if decoded[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			return requestSignature{}, errNotCompact
		}
	}
	read := requestSignature{compact: values[0], payload: decoded[1], raw: decoded[2]}
	if json.Unmarshal(decoded[0], &read.members) != nil || read.members == nil {
		return requestSignature{}, errors.New("the protected header of Paxos-Signature is not a JSON object")
	}
	if _, ok := read.members["crit"]; ok {
		return requestSignature{}, errors.New("Paxos-Signature has crit, which is not supported")
	}
	return read, nil
}

// text returns a member of the protected header, which must be a string.
func (s requestSignature) text(name string) (string, error) {
	raw, ok := s.members[name]
	if !ok {
		return "", fmt.Errorf("Paxos-Signature lacks %s", name)
	}
	var text *string
	if json.Unmarshal(raw, &text) != nil || text == nil {
		return "", fmt.Errorf("%s in Paxos-Signature is not a string", name)
	}
	return *text, nil
}

// verify verifies the signature with the key. It uses a JOSE library, so that the stand-in does not
// share an error with the code that signs.
func (s requestSignature) verify(key PublicKey) error {
	public, err := parsePublicKey(key.PEM)
	if err != nil {
		return err // cannot happen: it was parsed when it was registered
	}
	algorithms := []jose.SignatureAlgorithm{jose.SignatureAlgorithm(key.Algorithm)}
	parsed, err := jose.ParseSignedCompact(s.compact, algorithms)
	if err != nil {
		return errNotCompact // such as a protected header that has a member twice
	}
	if _, err := parsed.Verify(public); err != nil {
		return errors.New("Paxos-Signature does not verify with the public key of its kid")
	}
	return nil
}
