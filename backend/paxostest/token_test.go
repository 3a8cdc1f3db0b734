package paxostest

import (
	"net/http"
	"slices"
	"testing"
	"time"
)

// TestExpiry checks that a token expires by the clock of the server, to the nanosecond.
func TestExpiry(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("funding:read_profile")
	accessToken := h.requestToken(id, secret, "funding:read_profile")

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

// TestTokens checks that the issued tokens are listed in order, without the tokens themselves.
func TestTokens(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("funding:read_profile", "transfer:read_transfer")
	first := h.requestToken(id, secret, "funding:read_profile")
	h.clock.advance(time.Minute)
	second := h.requestToken(id, secret, "transfer:read_transfer", "funding:read_profile")

	issued := h.Tokens()
	if len(issued) != 2 || issued[0].Fingerprint != Fingerprint(first) || issued[1].Fingerprint != Fingerprint(second) {
		t.Fatalf("tokens %+v", issued)
	}
	if len(issued[0].Fingerprint) != 32 {
		t.Errorf("fingerprint %q is not of 32 characters", issued[0].Fingerprint)
	}
	if issued[1].IssuedAt.Sub(issued[0].IssuedAt) != time.Minute || issued[1].ClientID != id {
		t.Errorf("tokens %+v", issued)
	}
	issued[1].Scopes[0] = "changed" // a copy, so the server must not change
	if got := h.Tokens()[1].Scopes; !slices.Equal(got, []string{"transfer:read_transfer", "funding:read_profile"}) {
		t.Errorf("scopes %q", got)
	}
	h.wantAlive("never issued", false)
}
