package paxostest

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/signing"
)

// TestRefusedSignatures sends signatures that are wrong in one way each, and then a correct one. Each
// is refused with its own words, and none of them executes anything.
func TestRefusedSignatures(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	h.enforce(withdrawalID)
	s, other := newSigner(h), newSigner(h)
	retired := s.withKey(newP256(t))
	if err := h.DeactivatePublicKey(retired.clientID, retired.keyID); err != nil {
		t.Fatal(err)
	}
	removed := s.withKey(newP256(t))
	if err := h.RemovePublicKey(removed.clientID, removed.keyID); err != nil {
		t.Fatal(err)
	}
	edwards := s.withKey(newEd25519(t))
	draft := func() *draft { return s.draft(http.MethodPost, withdrawalPath, withdrawalBody) }
	good := draft().compact(t)
	parts := strings.Split(good, ".")
	detached := parts[0] + ".." + parts[2]
	otherKey := draft()
	otherKey.private = newP256(t)
	otherBody := draft()
	otherBody.payload = strings.Replace(withdrawalBody, `"5"`, `"6"`, 1)
	spaced := draft()
	spaced.payload += " "
	now := h.clock.Now()

	for name, test := range map[string]struct{ signature, detail string }{
		"missing":            {"", "no Paxos-Signature header set"},
		"no dots":            {"signature", "Paxos-Signature is not a JWS in the compact serialization"},
		"four parts":         {good + ".x", "Paxos-Signature is not a JWS in the compact serialization"},
		"padded":             {good + "==", "Paxos-Signature is not a JWS in the compact serialization"},
		"JSON serialization": {`{"payload":"","signatures":[]}`, "Paxos-Signature is not a JWS in the compact"},
		"header not JSON":    {draft().sign(t, "x"), "the protected header of Paxos-Signature is not a JSON object"},
		"header null": {draft().sign(t, "null"),
			"the protected header of Paxos-Signature is not a JSON object"},
		"crit":               {draft().with("crit", []string{"exp"}).compact(t), "Paxos-Signature has crit"},
		"no Key ID":          {draft().with("kid", nil).compact(t), "Paxos-Signature lacks kid"},
		"Key ID of a number": {draft().with("kid", 5).compact(t), "kid in Paxos-Signature is not a string"},
		"unknown Key ID":     {draft().with("kid", newUUID()).compact(t), "unknown Key ID: "},
		"removed key":        {removed.draft("POST", withdrawalPath, withdrawalBody).compact(t), "unknown Key ID: "},
		"key of another": {other.draft("POST", withdrawalPath, withdrawalBody).compact(t),
			"the Key ID belongs to another credential: "},
		"retired key": {retired.draft("POST", withdrawalPath, withdrawalBody).compact(t),
			"the Key ID is not active: "},
		"wrong key":          {otherKey.compact(t), "Paxos-Signature does not verify"},
		"no alg":             {draft().with("alg", nil).compact(t), "Paxos-Signature lacks alg"},
		"alg none":           {draft().with("alg", "none").compact(t), "alg none is not accepted"},
		"alg none, unsigned": {unsigned(draft().with("alg", "None").compact(t)), "alg none is not accepted"},
		"HS256": {draft().with("alg", "HS256").compact(t),
			`alg "HS256" is not that of the key, which is ES256`},
		"ES384": {draft().with("alg", "ES384").compact(t),
			`alg "ES384" is not that of the key, which is ES256`},
		"EdDSA of P-256": {draft().with("alg", "EdDSA").compact(t),
			`alg "EdDSA" is not that of the key, which is ES256`},
		"ES256 of Ed25519": {edwards.draft("POST", withdrawalPath, withdrawalBody).with("alg",
			"ES256").compact(t), `alg "ES256" is not that of the key, which is EdDSA`},
		"no signature": {unsigned(good), "the signature has 0 bytes instead of 64"},
		"ASN.1":        {asn1Form(t, s, draft().compact(t)), "the signature has 7"},
		"detached":     {detached, "the payload of Paxos-Signature is detached"},
		"changed signature": {parts[0] + "." + parts[1] + "." + strings.Repeat("A", 86),
			"Paxos-Signature does not verify"},
		"changed header": {base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","kid":"`+s.keyID+
			`"}`)) + "." + parts[1] + "." + parts[2], "Paxos-Signature does not verify"},
		"no method": {draft().with("paxos.com/request-method", nil).compact(t),
			"Paxos-Signature lacks paxos.com/request-method"},
		"other method": {draft().with("paxos.com/request-method", "PUT").compact(t),
			"Paxos-Signature is for another method"},
		"method in lower case": {draft().with("paxos.com/request-method", "post").compact(t),
			"Paxos-Signature is for another method"},
		"no path": {draft().with("paxos.com/request-path", nil).compact(t),
			"Paxos-Signature lacks paxos.com/request-path"},
		"other path": {draft().with("paxos.com/request-path", "/v2/transfer/internal").compact(t),
			"Paxos-Signature is for another path"},
		"path without /v2": {draft().with("paxos.com/request-path", "/transfer/crypto-withdrawals").compact(t),
			"Paxos-Signature is for another path"},
		"path with a host": {draft().with("paxos.com/request-path", h.URL()+withdrawalPath).compact(t),
			"Paxos-Signature is for another path"},
		"a query": {draft().with("paxos.com/request-path", withdrawalPath+"?a=b").compact(t),
			"Paxos-Signature is for another query"},
		"an empty query": {draft().with("paxos.com/request-path", withdrawalPath+"?").compact(t),
			"Paxos-Signature is for another query"},
		"other body":        {otherBody.compact(t), "Paxos-Signature is for another body"},
		"body with a space": {spaced.compact(t), "Paxos-Signature is for another body"},
		"no timestamp": {draft().with("paxos.com/timestamp", nil).compact(t),
			"Paxos-Signature lacks paxos.com/timestamp"},
		"timestamp a number": {draft().with("paxos.com/timestamp", now.Unix()).compact(t),
			"paxos.com/timestamp in Paxos-Signature is not a string"},
		"timestamp null": {draft().sign(t,
			`{"alg":"ES256","kid":"`+s.keyID+`","paxos.com/request-method":"POST","paxos.com/request-path":"`+
				withdrawalPath+`","paxos.com/timestamp":null}`), "paxos.com/timestamp in Paxos-Signature is " +
			"not a string"},
		"timestamp in RFC3339": {draft().with("paxos.com/timestamp", now.Format(time.RFC3339)).compact(t),
			"paxos.com/timestamp in Paxos-Signature is not a number of seconds"},
		"negative timestamp": {draft().with("paxos.com/timestamp", "-1").compact(t),
			"paxos.com/timestamp in Paxos-Signature is not a number of seconds"},
		"milliseconds": {draft().at(time.Unix(now.UnixMilli(), 0)).compact(t),
			"paxos.com/timestamp in Paxos-Signature is not a number of seconds"},
		"stale": {draft().at(now.Add(-30 * time.Minute)).compact(t), "Paxos-Signature has expired"},
		"from the future": {draft().at(now.Add(5*time.Minute + time.Second)).compact(t),
			"paxos.com/timestamp in Paxos-Signature is in the future"},
		"a member twice": {draft().sign(t, `{"alg":"none","alg":"ES256","kid":"`+s.keyID+`"}`),
			"Paxos-Signature is not a JWS in the compact serialization"},
	} {
		var signatures []string
		if test.signature != "" {
			signatures = []string{test.signature}
		}
		wantRefused(t, name, s.sendSigned(http.MethodPost, withdrawalPath, withdrawalBody, signatures...), 401,
			test.detail)
	}
	wantRefused(t, "two signatures", s.sendSigned(http.MethodPost, withdrawalPath, withdrawalBody, good, good), 401,
		"more than one Paxos-Signature header set")
	if executed := h.Executed(); len(executed) != 0 {
		t.Errorf("executed %+v", executed)
	}
	wantAccepted(t, "the correct one", s.sendSigned(http.MethodPost, withdrawalPath, withdrawalBody, good))
	if executed := h.Executed(); len(executed) != 1 || executed[0].KeyID != s.keyID ||
		executed[0].ClientID != s.clientID {
		t.Errorf("executed %+v", executed)
	}
}

// unsigned returns a compact signature without the signature itself.
func unsigned(compact string) string { return compact[:strings.LastIndex(compact, ".")+1] }

// asn1Form returns the draft with its signature in the form that most libraries make.
func asn1Form(t *testing.T, s signer, compact string) string {
	t.Helper()
	input := strings.TrimSuffix(unsigned(compact), ".")
	digest := sha256.Sum256([]byte(input))
	raw, err := ecdsa.SignASN1(rand.Reader, s.private.(*ecdsa.PrivateKey), digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(raw)
}

// TestClockOfSignatures checks the two ends of the time in which a signature is accepted, by the clock
// of the server.
func TestClockOfSignatures(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	h.enforce("ListProfiles")
	s := newSigner(h)
	const path = "/v2/profiles"
	signedAt := h.clock.Now().Add(5 * time.Minute)
	signature := s.draft(http.MethodGet, path, "").at(signedAt).compact(t)
	send := func() answer { return s.sendSigned(http.MethodGet, path, "", signature) }
	h.clock.advance(-time.Second)
	wantRefused(t, "5 minutes and a second ahead", send(), 401,
		"paxos.com/timestamp in Paxos-Signature is in the future")
	h.clock.advance(time.Second)
	wantAccepted(t, "5 minutes ahead", send())
	h.clock.advance(34*time.Minute + 59*time.Second)
	wantAccepted(t, "29 minutes and 59 seconds old", send())
	h.clock.advance(time.Second)
	wantRefused(t, "30 minutes old", send(), 401, "Paxos-Signature has expired")
}

// TestSignaturesOfTheEngine checks that the signatures of package signing are accepted, for both types
// of keys, with a query, and without a body.
func TestSignaturesOfTheEngine(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential(allScopes()...)
	accessToken := h.requestToken(id, secret, allScopes()...)
	if err := h.EditCredential(id, func(c *Credential) { c.EnforceRequestSigning = true }); err != nil {
		t.Fatal(err)
	}
	if err := h.EnforceSignatures(Enforcement{Credentials: true}); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []signing.KeyType{signing.ECDSAP256, signing.Ed25519} {
		key, err := signing.GenerateKey(kind)
		if err != nil {
			t.Fatal(err)
		}
		public, err := key.PublicPEM()
		if err != nil {
			t.Fatal(err)
		}
		added, err := h.RegisterPublicKey(id, string(kind), public)
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct{ method, target, body string }{
			{"GET", "/v2/profiles", ""},
			{"GET", "/v2/transfer/transfers?ids=a&ids=b&created_at.gte=2026-01-01T00%3A00%3A00Z&x=<y>", ""},
			{"POST", withdrawalPath, `{"ref_id":"` + string(kind) + `",  "amount":"5"}`},
			{"PUT", "/v2/profiles/" + newUUID() + "/deactivate", ""},
			{"DELETE", "/v2/profiles/" + newUUID() + "/orders/" + newUUID(), ""},
		} {
			checked, err := signing.NewRequest(test.method, test.target, []byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			signed, err := signing.Sign(key, added.ID, h.clock.Now(), checked)
			if err != nil {
				t.Fatal(err)
			}
			request := h.request(test.method, test.target, test.body)
			request.Header.Set("Authorization", "Bearer "+accessToken)
			request.Header.Set(signing.HeaderName, signed.Compact)
			wantAccepted(t, test.method+" "+test.target, h.send(request))
		}
	}
}

// TestPayloadOfReads checks that the signature of a GET or DELETE has an empty payload, whatever the
// request has as its body.
func TestPayloadOfReads(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	h.enforce("ListProfiles", "CancelOrder")
	s := newSigner(h)
	for method, path := range map[string]string{"GET": "/v2/profiles", "DELETE": "/v2/profiles/p/orders/o"} {
		wantRefused(t, method, s.sendSigned(method, path, "{}", s.draft(method, path, "{}").compact(t)), 401,
			"Paxos-Signature is for another body")
		wantAccepted(t, method, s.sendSigned(method, path, "{}", s.draft(method, path, "").compact(t)))
	}
}

// TestRotationOfKeys checks that two keys can be active at once, that a new one works at once, and that
// ending one of them, or the secret, does not touch the other.
func TestRotationOfKeys(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	h.enforce("ListProfiles")
	old := newSigner(h)
	const path = "/v2/profiles"
	wantAccepted(t, "the old key alone", old.callSigned(http.MethodGet, path, ""))
	next := old.withKey(newEd25519(t))
	wantAccepted(t, "the old key of two", old.callSigned(http.MethodGet, path, ""))
	wantAccepted(t, "the new key", next.callSigned(http.MethodGet, path, ""))
	if _, err := h.RotateCredential(old.clientID); err != nil {
		t.Fatal(err)
	}
	wantAccepted(t, "the old key after the secret", old.callSigned(http.MethodGet, path, ""))
	if err := h.DeactivatePublicKey(old.clientID, old.keyID); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, "the retired key", old.callSigned(http.MethodGet, path, ""), 401, "the Key ID is not active: ")
	wantAccepted(t, "the new key", next.callSigned(http.MethodGet, path, ""))
}
