package signing

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
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

// TestAnotherLibraryAgrees signs 1,000 random requests with this package and with an independent JOSE
// library, and verifies each signature with the other one. Some of the ES256 signatures have a leading
// zero in r or s.
func TestAnotherLibraryAgrees(t *testing.T) {
	t.Parallel()
	algorithms := []jose.SignatureAlgorithm{jose.ES256, jose.EdDSA}
	random := rand.New(rand.NewPCG(1, 2)) // for the requests only: keys and signatures use crypto/rand
	leadingZeros := 0
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
		parsed, err := jose.ParseSigned(signed.Compact, algorithms)
		if err != nil {
			t.Fatalf("%s: %v", signed.Compact, err)
		}
		payload, err := parsed.Verify(key.private.Public())
		if err != nil || !bytes.Equal(payload, r.Body) {
			t.Fatalf("%s: the payload is %q, error %v", signed.Compact, payload, err)
		}
		leadingZeros += zeros(t, signed.Compact)
	}
	for tries := 0; leadingZeros < 4; tries++ { // one signature in 128 has such a zero
		if tries > 20_000 {
			t.Fatal("no signature has a leading zero")
		}
		key, err := GenerateKey(ECDSAP256)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := Sign(key, "kid", time.Unix(1_700_000_000, 0), randomRequest(t, random))
		if err != nil {
			t.Fatal(err)
		}
		if zeros(t, signed.Compact) == 0 {
			continue
		}
		leadingZeros++
		parsed, err := jose.ParseSigned(signed.Compact, algorithms)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parsed.Verify(key.private.Public()); err != nil {
			t.Errorf("a signature with a leading zero: %v", err)
		}
	}
}

// zeros returns 1 if r or s of the signature begins with a zero byte, else 0. It fails the test unless
// the signature has 64 bytes.
func zeros(t *testing.T, compact string) int {
	t.Helper()
	signature, err := base64.RawURLEncoding.DecodeString(compact[strings.LastIndex(compact, ".")+1:])
	if err != nil || len(signature) != 64 {
		t.Fatalf("a signature of %d bytes, error %v", len(signature), err)
	}
	if signature[0] == 0 || signature[32] == 0 {
		return 1
	}
	return 0
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
