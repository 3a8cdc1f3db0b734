package paxostest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestPublicKeysInTheList checks what the API Credentials API shows of keys, by their states.
func TestPublicKeysInTheList(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("api_creds:read_credentials")
	first, second := publicPEM(t, newP256(t).Public()), publicPEM(t, newEd25519(t).Public())
	h.clock.advance(time.Second)
	one, err := h.RegisterPublicKey(id, "one", first)
	if err != nil {
		t.Fatal(err)
	}
	two, err := h.RegisterPublicKey(id, "two", second)
	if err != nil {
		t.Fatal(err)
	}
	accessToken := h.requestToken(id, secret, "api_creds:read_credentials")
	list := func() []any {
		a := h.call(accessToken, http.MethodGet, "/v2/api-creds/credentials", "")
		h.wantStatus(a, http.StatusOK)
		item := a.object(t)["items"].([]any)[0].(map[string]any)
		if item["updated_at"] != "2026-03-01T12:00:01Z" {
			t.Errorf("updated at %v", item["updated_at"])
		}
		return item["client_public_keys"].([]any)
	}
	shown := func(at int, k PublicKey, algorithm, text string, active bool) {
		t.Helper()
		got := list()[at].(map[string]any)
		if len(got) != 6 || got["id"] != k.ID || got["client_id"] != id || got["algorithm"] != algorithm ||
			got["public_key"] != text || got["active"] != active || got["nickname"] != k.Nickname {
			t.Errorf("shown as %v", got)
		}
	}
	if !uuidPattern.MatchString(one.ID) || one.ID == two.ID {
		t.Errorf("Key IDs %q and %q", one.ID, two.ID)
	}
	shown(0, one, "ES256", first, true)
	shown(1, two, "EdDSA", second, true)
	if err := h.DeactivatePublicKey(id, one.ID); err != nil {
		t.Fatal(err)
	}
	shown(0, one, "ES256", first, false)
	again, err := h.RegisterPublicKey(id, "again", first)
	if err != nil || again.ID == one.ID {
		t.Fatalf("an inactive key registered again: %+v, %v", again, err)
	}
	if err := h.RemovePublicKey(id, two.ID); err != nil {
		t.Fatal(err)
	}
	shown(1, again, "ES256", first, true)
	if keys := list(); len(keys) != 2 {
		t.Errorf("listed %v", keys)
	}
}

// TestRefusedPublicKeys checks the errors of the dashboard about keys.
func TestRefusedPublicKeys(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, _ := h.newCredential()
	other, _ := h.newCredential()
	text := publicPEM(t, newP256(t).Public())
	wide, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	old, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(newEd25519(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		text string
		want error
	}{
		"no PEM":       {"key", errNotPublicKey},
		"two keys":     {text + text, errNotPublicKey},
		"cut short":    {strings.Replace(text, "MFkw", "MFww", 1), errNotPublicKey},
		"certificate":  {strings.ReplaceAll(text, "PUBLIC KEY", "CERTIFICATE"), errNotPublicKey},
		"P-384":        {publicPEM(t, wide.Public()), errNotPublicKey},
		"RSA":          {publicPEM(t, old.Public()), errNotPublicKey},
		"private key":  {string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})), errPrivateKey},
		"SEC1 private": {"-----BEGIN EC PRIVATE KEY-----\n-----END EC PRIVATE KEY-----\n", errPrivateKey},
	} {
		if _, err := h.RegisterPublicKey(id, "", test.text); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	key, err := h.RegisterPublicKey(id, "", text)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.RegisterPublicKey(id, "", "\n"+strings.ReplaceAll(text, "\n", "\r\n")); !errors.Is(err,
		errDuplicateKey) {
		t.Errorf("the same key with other line ends: %v", err)
	}
	if _, err := h.RegisterPublicKey(other, "", text); err != nil {
		t.Errorf("the same key on another credential: %v", err)
	}
	_, registering := h.RegisterPublicKey("nobody", "", text)
	for name, test := range map[string][2]error{
		"register for an unknown client":   {registering, errUnknownCredential},
		"deactivate for an unknown client": {h.DeactivatePublicKey("nobody", key.ID), errUnknownCredential},
		"remove from an unknown client":    {h.RemovePublicKey("nobody", key.ID), errUnknownCredential},
		"deactivate the key of another":    {h.DeactivatePublicKey(other, key.ID), errUnknownKey},
		"remove the key of another":        {h.RemovePublicKey(other, key.ID), errUnknownKey},
	} {
		if !errors.Is(test[0], test[1]) {
			t.Errorf("%s: %v", name, test[0])
		}
	}
}

// TestKeysOutliveEdits checks that an edit of a credential cannot change its keys, nor the list that a
// caller got, and that a new credential begins without keys.
func TestKeysOutliveEdits(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, _ := h.newCredential()
	key, err := h.RegisterPublicKey(id, "mine", publicPEM(t, newP256(t).Public()))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.EditCredential(id, func(c *Credential) {
		c.PublicKeys[0].Active, c.Nickname = false, "x"
	}); err != nil {
		t.Fatal(err)
	}
	h.Credentials()[0].PublicKeys[0].Active = false
	if c := h.Credentials()[0]; len(c.PublicKeys) != 1 || c.PublicKeys[0] != key || c.Nickname != "x" {
		t.Errorf("edited to %+v", c)
	}
	created, _, err := h.CreateCredential(Credential{PublicKeys: []PublicKey{key}})
	if err != nil || len(created.PublicKeys) != 0 {
		t.Errorf("created %+v, %v", created, err)
	}
}
