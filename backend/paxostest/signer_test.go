package paxostest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A signer is a client whose public key is registered. It signs with the standard library, so that a
// test can make every part of a signature wrong.
type signer struct {
	*harness
	accessToken string
	clientID    string
	keyID       string
	private     crypto.Signer
}

// newSigner creates a client with all scopes, a token and a P-256 key.
func newSigner(h *harness) signer {
	h.t.Helper()
	id, secret := h.newCredential(allScopes()...)
	s := signer{harness: h, accessToken: h.requestToken(id, secret, allScopes()...), clientID: id}
	return s.withKey(newP256(h.t))
}

// withKey registers another key for the same client and returns the signer that signs with it.
func (s signer) withKey(private crypto.Signer) signer {
	s.t.Helper()
	added, err := s.RegisterPublicKey(s.clientID, "test", publicPEM(s.t, private.Public()))
	if err != nil {
		s.t.Fatal(err)
	}
	s.private, s.keyID = private, added.ID
	return s
}

// newP256 returns a new key.
func newP256(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// newEd25519 returns a new key.
func newEd25519(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// publicPEM returns a public key as the Dashboard takes it.
func publicPEM(t *testing.T, key crypto.PublicKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// A draft is what will be signed, for a test to change before.
type draft struct {
	members map[string]any // of the protected header; those set to nil are left out
	payload string
	private crypto.Signer
}

// draft returns what a correct signature of a request at the time of the server is made of.
func (s signer) draft(method, path, payload string) *draft {
	algorithm := algorithmES256
	if _, ok := s.private.(ed25519.PrivateKey); ok {
		algorithm = algorithmEdDSA
	}
	return &draft{payload: payload, private: s.private, members: map[string]any{
		"typ": "JWT", "alg": algorithm, "kid": s.keyID,
		"paxos.com/timestamp":      strconv.FormatInt(s.clock.Now().Unix(), 10),
		"paxos.com/request-method": method,
		"paxos.com/request-path":   path,
	}}
}

// at sets the time of the signature.
func (d *draft) at(when time.Time) *draft {
	return d.with("paxos.com/timestamp", strconv.FormatInt(when.Unix(), 10))
}

// with sets a member of the protected header, or leaves it out if the value is nil.
func (d *draft) with(name string, value any) *draft {
	d.members[name] = value
	return d
}

// compact signs the draft.
func (d *draft) compact(t *testing.T) string {
	t.Helper()
	kept := maps.Clone(d.members)
	maps.DeleteFunc(kept, func(_ string, value any) bool { return value == nil })
	header, err := json.Marshal(kept)
	if err != nil {
		t.Fatal(err)
	}
	return d.sign(t, string(header))
}

// sign signs the draft with this text as its protected header.
func (d *draft) sign(t *testing.T, header string) string {
	t.Helper()
	encode := base64.RawURLEncoding.EncodeToString
	input := encode([]byte(header)) + "." + encode([]byte(d.payload))
	return input + "." + encode(signBytes(t, d.private, input))
}

// signBytes returns a signature of 64 bytes.
func signBytes(t *testing.T, private crypto.Signer, input string) []byte {
	t.Helper()
	key, ok := private.(*ecdsa.PrivateKey)
	if !ok {
		return ed25519.Sign(private.(ed25519.PrivateKey), []byte(input))
	}
	digest := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	raw := make([]byte, 64)
	r.FillBytes(raw[:32])
	s.FillBytes(raw[32:])
	return raw
}

// sendSigned sends a request with these signatures.
func (s signer) sendSigned(method, path, body string, signatures ...string) answer {
	s.t.Helper()
	request := s.request(method, path, body)
	request.Header.Set("Authorization", "Bearer "+s.accessToken)
	for _, signature := range signatures {
		request.Header.Add(signatureHeader, signature)
	}
	return s.send(request)
}

// callSigned sends a request with a correct signature.
func (s signer) callSigned(method, path, body string) answer {
	s.t.Helper()
	return s.sendSigned(method, path, body, s.draft(method, path, body).compact(s.t))
}

// wantRefused fails the test unless the answer is a problem with the status and these words.
func wantRefused(t *testing.T, what string, a answer, status int, detail string) {
	t.Helper()
	said, _ := a.object(t)["detail"].(string)
	if a.status != status || !strings.HasPrefix(said, detail) ||
		a.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s: %d %s, want %d %q", what, a.status, a.body, status, detail)
	}
}

// enforce demands signatures of these operations.
func (h *harness) enforce(operations ...string) {
	h.t.Helper()
	if err := h.EnforceSignatures(Enforcement{Operations: operations}); err != nil {
		h.t.Fatal(err)
	}
}

// The request that most tests sign.
const (
	withdrawalID   = "CreateCryptoWithdrawal"
	withdrawalPath = "/v2/transfer/crypto-withdrawals"
	withdrawalBody = `{"ref_id":"order-1","profile_id":"p-1","asset":"USDP","amount":"5"}`
)

// wantAccepted fails the test unless the answer is 200.
func wantAccepted(t *testing.T, what string, a answer) {
	t.Helper()
	if a.status != http.StatusOK {
		t.Errorf("%s: %d %s", what, a.status, a.body)
	}
}
