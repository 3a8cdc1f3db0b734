package paxostest

import (
	"net/http"
	"slices"
	"testing"
	"time"
)

// TestExpiry follows the injected clock to the nanosecond.
func TestExpiry(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("funding:read_profile")
	accessToken := h.mint(id, secret, "funding:read_profile")

	h.clock.advance(time.Hour - time.Nanosecond)
	h.wantAlive(accessToken, true)
	h.wantStatus(h.call(accessToken, http.MethodGet, "/v2/profiles", ""), http.StatusOK)

	h.clock.advance(time.Nanosecond)
	h.wantAlive(accessToken, false)
	h.wantStatus(h.call(accessToken, http.MethodGet, "/v2/profiles", ""), http.StatusUnauthorized)
	if len(h.LiveTokens()) != 0 || len(h.Tokens()) != 1 {
		t.Error("an expired token is not in the right list")
	}
	if !h.Tokens()[0].RevokedAt.IsZero() {
		t.Error("an expired token counts as revoked")
	}
}

// TestTokens lists what was minted, in order, without the tokens.
func TestTokens(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("funding:read_profile", "transfer:read_transfer")
	first := h.mint(id, secret, "funding:read_profile")
	h.clock.advance(time.Minute)
	second := h.mint(id, secret, "transfer:read_transfer", "funding:read_profile")

	minted := h.Tokens()
	if len(minted) != 2 || minted[0].Fingerprint != Fingerprint(first) || minted[1].Fingerprint != Fingerprint(second) {
		t.Fatalf("tokens %+v", minted)
	}
	if len(minted[0].Fingerprint) != 32 {
		t.Errorf("fingerprint %q is not of 32 characters", minted[0].Fingerprint)
	}
	if minted[1].MintedAt.Sub(minted[0].MintedAt) != time.Minute || minted[1].ClientID != id {
		t.Errorf("tokens %+v", minted)
	}
	minted[1].Scopes[0] = "changed" // a copy: it must not reach the server
	if got := h.Tokens()[1].Scopes; !slices.Equal(got, []string{"transfer:read_transfer", "funding:read_profile"}) {
		t.Errorf("scopes %q", got)
	}
	h.wantAlive("never minted", false)
}
