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

// HeaderName is the HTTP header that carries the signature.
const HeaderName = "Paxos-Signature"

// Validity is how long Paxos accepts a signature after its timestamp.
const Validity = 30 * time.Minute

// A Signature is a compact JSON Web Signature over one request.
type Signature struct {
	Compact   string // the value of the header
	Timestamp time.Time
}

// ExpiresAt is when Paxos stops accepting the signature.
func (s Signature) ExpiresAt() time.Time { return s.Timestamp.Add(Validity) }

// ID names the signature in audit logs: the first half of its SHA-256 in hexadecimal.
func (s Signature) ID() string {
	sum := sha256.Sum256([]byte(s.Compact))
	return hex.EncodeToString(sum[:16])
}

// header is the protected header. Its members are in the order that every published sample has.
type header struct {
	Type      string `json:"typ"`
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	Timestamp string `json:"paxos.com/timestamp"` // UNIX seconds, as a string
	Method    string `json:"paxos.com/request-method"`
	Target    string `json:"paxos.com/request-path"` // with the query
}

// Sign signs a request with a key, under the Key ID that Paxos gave its public key. The time is cut to
// whole seconds.
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

// signingInput is what is signed (RFC 7515, section 5.1): header and payload, each in base64url. An
// empty payload leaves nothing after the dot.
func signingInput(h header, payload []byte) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // a query holds &
	if err := encoder.Encode(h); err != nil {
		return nil, err
	}
	input := base64.RawURLEncoding.AppendEncode(nil, bytes.TrimRight(text.Bytes(), "\n"))
	return base64.RawURLEncoding.AppendEncode(append(input, '.'), payload), nil
}
