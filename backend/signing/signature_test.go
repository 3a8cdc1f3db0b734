package signing

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// published is the example signature in Paxos's documentation.
const published = "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiIsImtpZCI6IjU0OThmNDI0LTc4YWEtNDE0Yi1hNTE1LTEzOTI5ZTY5NTFkYiIsInBheG9zLmNvbS90aW1lc3RhbXAiOiIxNjQ1NTAzMjcyIiwicGF4b3MuY29tL3JlcXVlc3QtbWV0aG9kIjoiUE9TVCIsInBheG9zLmNvbS9yZXF1ZXN0LXBhdGgiOiIvdjIvdHJhbnNmZXIvZGVwb3NpdC1hZGRyZXNzZXMifQ.eyJwcm9maWxlX2lkIjoiNDJiYjFhMmUtYTY4ZS00NGQ3LWI1ZjEtNTljY2M1YzEzZTkxIiwiY3J5cHRvX25ldHdvcmsiOiJFVEhFUkVVTSJ9.7x8b_4j1dFMd1XWcmpGaf5OiyU0lo2fbGlbe8epuiAJFpFziwxhhKHbc7-DaqKMV9MTTARX8VM3d2YSugPEAow"

// TestPublishedSignature compares the signing input with that of the published signature, byte by byte.
func TestPublishedSignature(t *testing.T) {
	t.Parallel()
	r, err := NewRequest("POST", "/v2/transfer/deposit-addresses",
		[]byte(`{"profile_id":"42bb1a2e-a68e-44d7-b5f1-59ccc5c13e91","crypto_network":"ETHEREUM"}`))
	if err != nil {
		t.Fatal(err)
	}
	key, err := GenerateKey(ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := Sign(key, "5498f424-78aa-414b-a515-13929e6951db", time.Unix(1645503272, 999), r)
	if err != nil {
		t.Fatal(err)
	}
	cut := func(compact string) string { return compact[:strings.LastIndex(compact, ".")] }
	if cut(signed.Compact) != cut(published) {
		t.Errorf("the signing input is\n%s\nwant\n%s", cut(signed.Compact), cut(published))
	}
	if end := time.Unix(1645503272, 0).Add(30 * time.Minute); !signed.ExpiresAt().Equal(end) || len(signed.ID()) != 32 {
		t.Errorf("it expires at %s, its ID is %s", signed.ExpiresAt(), signed.ID())
	}
}

// algorithms are those that Paxos accepts.
var algorithms = []jose.SignatureAlgorithm{jose.ES256, jose.EdDSA}

// TestPublishedSignatureDecodes reads the published signature with an independent JOSE library.
func TestPublishedSignatureDecodes(t *testing.T) {
	t.Parallel()
	parsed, err := jose.ParseSigned(published, algorithms)
	if err != nil {
		t.Fatal(err)
	}
	head := parsed.Signatures[0].Protected
	if head.Algorithm != "ES256" || head.KeyID != "5498f424-78aa-414b-a515-13929e6951db" ||
		head.ExtraHeaders["paxos.com/timestamp"] != "1645503272" || len(parsed.Signatures[0].Signature) != 64 {
		t.Errorf("the header is %+v, the signature has %d bytes", head, len(parsed.Signatures[0].Signature))
	}
	if payload := parsed.UnsafePayloadWithoutVerification(); !json.Valid(payload) {
		t.Errorf("the payload is %q", payload)
	}
}

// TestAnotherLibraryAgrees signs 1,000 random requests with this package and with an independent JOSE
// library. The library verifies the signatures of this package, and its own have the form that this
// package gives them.
func TestAnotherLibraryAgrees(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2)) // for the requests only: keys and signatures use crypto/rand
	for i := range 1000 {
		kind := []KeyType{ECDSAP256, Ed25519}[i%2]
		key, err := GenerateKey(kind)
		if err != nil {
			t.Fatal(err)
		}
		r := randomRequest(t, random)
		signed, err := Sign(key, fmt.Sprint("kid-", i), time.Unix(1_700_000_000+int64(i), 0), r)
		if err != nil {
			t.Fatal(err)
		}
		expectVerified(t, key, signed.Compact, r.Body)
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithms[i%2], Key: key.private}, nil)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := signer.Sign(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		compact, err := theirs.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		if !verifies(t, key, compact) {
			t.Errorf("the library's signature has another form: %s", compact)
		}
	}
}

// TestLeadingZeros signs until r and s have begun with a zero byte twice each, which one signature in
// 256 does, and has each of these verified.
func TestLeadingZeros(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	key, err := GenerateKey(ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	zerosOfR, zerosOfS := 0, 0
	for tries := 0; zerosOfR < 2 || zerosOfS < 2; tries++ {
		if tries > 50_000 {
			t.Fatalf("%d and %d signatures have a leading zero", zerosOfR, zerosOfS)
		}
		r := Request{Method: "POST", Path: "/v2/transfer/internal", Body: fmt.Append(nil, random.Uint64())}
		signed, err := Sign(key, "kid", time.Unix(1_700_000_000, 0), r)
		if err != nil {
			t.Fatal(err)
		}
		signature := signatureOf(t, signed.Compact)
		if signature[0] != 0 && signature[32] != 0 {
			continue
		}
		if signature[0] == 0 {
			zerosOfR++
		}
		if signature[32] == 0 {
			zerosOfS++
		}
		expectVerified(t, key, signed.Compact, r.Body)
	}
}

// expectVerified has a signature verified by the independent library.
func expectVerified(t *testing.T, key Key, compact string, body []byte) {
	t.Helper()
	parsed, err := jose.ParseSigned(compact, algorithms)
	if err != nil {
		t.Fatalf("%s: %v", compact, err)
	}
	payload, err := parsed.Verify(key.private.Public())
	if err != nil || !bytes.Equal(payload, body) || !verifies(t, key, compact) {
		t.Fatalf("%s: the payload is %q, error %v", compact, payload, err)
	}
}

// verifies reports whether a signature is one of the key, in the form that Key.sign gives it.
func verifies(t *testing.T, key Key, compact string) bool {
	t.Helper()
	input, signature := []byte(compact[:strings.LastIndex(compact, ".")]), signatureOf(t, compact)
	switch public := key.private.Public().(type) {
	case *ecdsa.PublicKey:
		digest := sha256.Sum256(input)
		return ecdsa.Verify(public, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
	case ed25519.PublicKey:
		return ed25519.Verify(public, input, signature)
	}
	return false
}

// signatureOf returns the bytes of a signature. It fails the test unless there are 64.
func signatureOf(t *testing.T, compact string) []byte {
	t.Helper()
	signature, err := base64.RawURLEncoding.DecodeString(compact[strings.LastIndex(compact, ".")+1:])
	if err != nil || len(signature) != 64 {
		t.Fatalf("a signature of %d bytes, error %v", len(signature), err)
	}
	return signature
}

// randomRequest returns a request for one of a few operations, with a random body.
func randomRequest(t *testing.T, random *rand.Rand) Request {
	t.Helper()
	body := make([]byte, random.IntN(MaximumBody))
	for i := range body {
		body[i] = byte(random.Uint32())
	}
	targets := []struct{ method, target string }{
		{"POST", "/v2/transfer/crypto-withdrawals"}, {"GET",
			"/v2/transfer/transfers?ids=a&ids=b&created_at.gte=2026-01-01T00%3A00%3A00Z"},
		{"POST", "/v2/transfer/internal"}, {"GET", "/v2/profiles"},
	}
	chosen := targets[random.IntN(len(targets))]
	if chosen.method == "GET" {
		body = nil
	}
	r, err := NewRequest(chosen.method, chosen.target, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestEmptyPayload signs a request without a body, whose signature has nothing between the two dots.
func TestEmptyPayload(t *testing.T) {
	t.Parallel()
	r, err := NewRequest("GET", "/v2/profiles?limit=1&a=<b>", nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := GenerateKey(Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := Sign(key, "kid", time.Unix(1, 0), r)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(signed.Compact, ".")
	if len(parts) != 3 || parts[1] != "" {
		t.Fatalf("the signature is %s", signed.Compact)
	}
	text, _ := base64.RawURLEncoding.DecodeString(parts[0])
	if want := `{"typ":"JWT","alg":"EdDSA","kid":"kid","paxos.com/timestamp":"1","paxos.com/request-method":"GET","paxos.com/request-path":"/v2/profiles?limit=1&a=<b>"}`; string(text) != want {
		t.Errorf("the header is\n%s\nwant\n%s", text, want)
	}
}

// TestKeysAreNotShown prints a key in every way and looks for the private key in the output.
func TestKeysAreNotShown(t *testing.T) {
	t.Parallel()
	for _, kind := range []KeyType{ECDSAP256, Ed25519} {
		key, err := GenerateKey(kind)
		if err != nil {
			t.Fatal(err)
		}
		want := "[signing key of type " + string(kind) + "]"
		for _, shown := range []string{fmt.Sprint(key), fmt.Sprintf("%+v", key), fmt.Sprintf("%#v", key),
			fmt.Sprint(&key)} {
			if shown != want {
				t.Errorf("shown as %s", shown)
			}
		}
		if text, err := json.Marshal(key); err == nil {
			t.Errorf("written as %s", text)
		}
		der, err := key.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseKey(der)
		if err != nil || again.Type() != kind {
			t.Fatalf("read again: %v, %v", again, err)
		}
		first, _ := key.PublicPEM()
		second, _ := again.PublicPEM()
		if first != second || !strings.HasPrefix(first, "-----BEGIN PUBLIC KEY-----\n") {
			t.Errorf("the public key is %q, after storage %q", first, second)
		}
		if _, err := ParseKey(der[:len(der)-1]); err == nil {
			t.Error("a damaged key was read")
		}
	}
	if _, err := GenerateKey("rsa"); err == nil {
		t.Error("a key of an unknown type was made")
	}
	if _, err := Sign(Key{}, "kid", time.Unix(1, 0), Request{}); err == nil {
		t.Error("no key signed")
	}
}
