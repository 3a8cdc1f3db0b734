package signing

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// A KeyType is a kind of signing key that Paxos takes.
type KeyType string

// The key types. The only signature that Paxos publishes is ES256.
const (
	ECDSAP256 KeyType = "ecdsa-p256" // signs by ES256 (RFC 7518, section 3.4)
	Ed25519   KeyType = "ed25519"    // signs by EdDSA (RFC 8037)
)

// A Key is a private key. Its zero value signs nothing; use GenerateKey or ParseKey. It has no form
// in which fmt or json would show it.
type Key struct {
	kind    KeyType
	private crypto.Signer
}

// String keeps the key out of logs.
func (k Key) String() string { return "[signing key of type " + string(k.kind) + "]" }

// GoString likewise.
func (k Key) GoString() string { return k.String() }

// MarshalJSON refuses: a key is stored by Marshal only.
func (k Key) MarshalJSON() ([]byte, error) {
	return nil, errors.New("a signing key is not written as JSON")
}

// GenerateKey makes a key.
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

// Type is the key's type.
func (k Key) Type() KeyType { return k.kind }

// Marshal writes the private key in PKCS #8 (RFC 5958), for sealed storage only.
func (k Key) Marshal() ([]byte, error) {
	if k.private == nil {
		return nil, errNoKey
	}
	return x509.MarshalPKCS8PrivateKey(k.private)
}

// ParseKey reads what Marshal wrote.
func ParseKey(der []byte) (Key, error) {
	private, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return Key{}, errors.New("the stored signing key is damaged") // the parser's error may quote it
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

// PublicPEM is the public key as SPKI in PEM, the form that Paxos's Dashboard takes.
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

var errNoKey = errors.New("there is no signing key")

// algorithm is the name of the signature algorithm (RFC 7518, section 3.1, and RFC 8037): the key
// decides it, never the caller.
func (k Key) algorithm() string {
	if k.kind == Ed25519 {
		return "EdDSA"
	}
	return "ES256"
}

// sign signs the bytes: 64 bytes for both types. An ES256 signature is r and s, each 32 bytes with
// leading zeros (RFC 7518, section 3.4), not the ASN.1 form.
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
