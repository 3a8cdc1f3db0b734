package signing

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// A KeyType is a kind of signing key that Paxos accepts.
type KeyType string

// The key types. The one signature that Paxos publishes as an example is ES256.
const (
	ECDSAP256 KeyType = "ecdsa-p256" // signs with ES256 (RFC 7518, section 3.4)
	Ed25519   KeyType = "ed25519"    // signs with EdDSA (RFC 8037, section 3.1)
)

// A Key is a private key. The zero value cannot sign: use GenerateKey or ParseKey. Neither fmt nor
// encoding/json prints a key.
type Key struct {
	kind    KeyType
	private crypto.Signer
}

// String returns the type of the key, so that the key itself gets into no log.
func (k Key) String() string { return "[signing key of type " + string(k.kind) + "]" }

// GoString returns the same as String.
func (k Key) GoString() string { return k.String() }

// MarshalJSON always returns an error. Marshal is for storage.
func (k Key) MarshalJSON() ([]byte, error) {
	return nil, errors.New("a signing key is not written as JSON")
}

// GenerateKey makes a new random key. An unknown type is an error.
func GenerateKey(kind KeyType) (Key, error) {
	switch kind {
	case ECDSAP256:
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		return Key{kind, private}, err
	case Ed25519:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return Key{kind, private}, err
	}
	return Key{}, fmt.Errorf("unknown key type %q", string(kind))
}

// Type returns the type of the key; empty for the zero Key.
func (k Key) Type() KeyType { return k.kind }

// Marshal encodes the private key in PKCS #8 (RFC 5958, section 2), as DER without encryption. It may
// only be kept in seal-wrapped storage. The zero Key is an error.
func (k Key) Marshal() ([]byte, error) {
	if k.private == nil {
		return nil, errNoKey
	}
	return x509.MarshalPKCS8PrivateKey(k.private)
}

// ParseKey decodes what Marshal returned. Damaged data and keys of another type are errors, which do
// not repeat any of the data.
func ParseKey(der []byte) (Key, error) {
	private, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return Key{}, errors.New("the stored signing key is damaged") // the error of the parser may quote it
	}
	switch private := private.(type) {
	case *ecdsa.PrivateKey:
		if private.Curve == elliptic.P256() {
			return Key{ECDSAP256, private}, nil
		}
	case ed25519.PrivateKey:
		return Key{Ed25519, private}, nil
	}
	return Key{}, errors.New("the stored signing key is of an unknown type")
}

// PublicPEM returns the public key as SubjectPublicKeyInfo in PEM (RFC 7468, section 13), which the
// Dashboard of Paxos accepts. The zero Key is an error.
func (k Key) PublicPEM() (string, error) {
	if k.private == nil {
		return "", errNoKey
	}
	der, err := x509.MarshalPKIXPublicKey(k.private.Public())
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}

// SamePublicKey reports whether two public keys in PEM are the same key, however they are wrapped. What
// is no public key is the same as nothing.
func SamePublicKey(one, other string) bool {
	first, second := publicDER(one), publicDER(other)
	return first != nil && bytes.Equal(first, second)
}

// publicDER is the SubjectPublicKeyInfo of a PEM text or of bare base64, nil if it is neither.
func publicDER(text string) []byte {
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if block, _ := pem.Decode([]byte(text)); block != nil {
		der, err = block.Bytes, nil
	}
	if err != nil {
		return nil
	}
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil
	}
	if der, err = x509.MarshalPKIXPublicKey(public); err != nil {
		return nil
	}
	return der
}

// errNoKey reports the use of the zero Key.
var errNoKey = errors.New("there is no signing key")

// algorithm returns the name of the signature algorithm (RFC 7518, section 3.1; RFC 8037, section 3.1).
// The type of the key decides it, so that a caller cannot choose another one.
func (k Key) algorithm() string {
	if k.kind == Ed25519 {
		return "EdDSA"
	}
	return "ES256"
}

// sign returns the signature of the bytes, which has 64 bytes for both types. With ES256 these are
// r and s, 32 bytes each with leading zeros (RFC 7518, section 3.4), not the usual ASN.1 form.
func (k Key) sign(input []byte) ([]byte, error) {
	switch private := k.private.(type) {
	case *ecdsa.PrivateKey:
		digest := sha256.Sum256(input)
		r, s, err := ecdsa.Sign(rand.Reader, private, digest[:])
		if err != nil {
			return nil, err
		}
		signature := make([]byte, 64)
		r.FillBytes(signature[:32])
		s.FillBytes(signature[32:])
		return signature, nil
	case ed25519.PrivateKey:
		return ed25519.Sign(private, input), nil
	}
	return nil, errNoKey
}
