package signing

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"time"
)

// HeaderName is the HTTP header with the signature
// (https://docs.paxos.com/guides/developer/request-signing).
const HeaderName = "Paxos-Signature"

// Validity is how long after its timestamp Paxos accepts a signature.
const Validity = 30 * time.Minute

// A Signature is a JSON Web Signature of one request.
type Signature struct {
	Compact   string    // in the compact serialization (RFC 7515, section 7.1): the value of the header
	Timestamp time.Time // in whole seconds
}

// ExpiresAt returns the time from which Paxos no longer accepts the signature.
func (s Signature) ExpiresAt() time.Time { return s.Timestamp.Add(Validity) }

// ID identifies the signature in audit logs: it is the first half of the SHA-256 of Compact, as 32
// hexadecimal digits.
func (s Signature) ID() string {
	sum := sha256.Sum256([]byte(s.Compact))
	return hex.EncodeToString(sum[:16])
}

// A header is the protected header (RFC 7515, section 4). Its members have the order of Paxos's
// published examples.
type header struct {
	Type      string `json:"typ"`
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	Timestamp string `json:"paxos.com/timestamp"` // UNIX time in seconds, as a string
	Method    string `json:"paxos.com/request-method"`
	Target    string `json:"paxos.com/request-path"` // with the query
}

// Sign signs a request. The Key ID is the one that Paxos gave to the public key of the key. The
// signature has the time now, rounded down to whole seconds. An empty Key ID and the zero Key are
// errors.
func Sign(key Key, keyID string, now time.Time, r Request) (Signature, error) {
	if keyID == "" {
		return Signature{}, errors.New("the signing key has no Key ID")
	}
	now = now.Truncate(time.Second)
	input, err := signingInput(header{
		Type: "JWT", Algorithm: key.algorithm(), KeyID: keyID, Timestamp: strconv.FormatInt(now.Unix(), 10),
		Method: r.Method, Target: r.Target(),
	}, r.Body)
	if err != nil {
		return Signature{}, err
	}
	signature, err := key.sign(input)
	if err != nil {
		return Signature{}, err
	}
	return Signature{Compact: string(input) + "." + base64.RawURLEncoding.EncodeToString(signature),
		Timestamp: now}, nil
}

// signingInput returns the bytes to sign (RFC 7515, section 5.1): the header and the payload, each in
// base64url, with a dot in between. An empty payload leaves nothing after the dot.
func signingInput(h header, payload []byte) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // so that the & of a query is not escaped
	if err := encoder.Encode(h); err != nil {
		return nil, err
	}
	input := base64.RawURLEncoding.AppendEncode(nil, bytes.TrimRight(text.Bytes(), "\n"))
	return base64.RawURLEncoding.AppendEncode(append(input, '.'), payload), nil
}
