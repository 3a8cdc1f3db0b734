package paxostest

import (
	"errors"
	"net/http"
	"testing"
	"time"
)

// TestCreateCredential checks the fields that the Dashboard sets.
func TestCreateCredential(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	first, secret, err := h.CreateCredential(Credential{Nickname: "first", Scopes: []string{"a:b"}})
	if err != nil {
		t.Fatal(err)
	}
	second, otherSecret, err := h.CreateCredential(Credential{Nickname: "second"})
	if err != nil {
		t.Fatal(err)
	}
	if !uuidPattern.MatchString(first.ID) || !uuidPattern.MatchString(first.ClientID) || first.ID == first.ClientID {
		t.Errorf("ids %q and %q", first.ID, first.ClientID)
	}
	if first.Status != "APPROVED" || first.AuthMethod != "client_secret_post" || !first.CreatedAt.Equal(h.clock.Now()) {
		t.Errorf("created %+v", first)
	}
	if first.CustomerID != second.CustomerID || first.ClientID == second.ClientID || secret == otherSecret ||
		len(secret) != 43 {
		t.Errorf("created %+v and %+v", first, second)
	}
	if _, _, err := h.CreateCredential(Credential{ClientID: first.ClientID}); !errors.Is(err, errDuplicateCredential) {
		t.Errorf("a taken Client ID: %v", err)
	}
	for name, bad := range map[string]Credential{
		"auth method": {AuthMethod: "none"},
		"allow-list":  {IPAllowlist: []string{"10.0.0.0/33"}},
	} {
		if _, _, err := h.CreateCredential(bad); err == nil {
			t.Errorf("a wrong %s was accepted", name)
		}
	}
}

// TestRotateCredential checks that the old secret stops working at once, and that live tokens can still
// be used and revoked.
func TestRotateCredential(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, old := h.newCredential("funding:read_profile")
	before := h.requestToken(id, old, "funding:read_profile")
	secret, err := h.RotateCredential(id)
	if err != nil {
		t.Fatal(err)
	}
	h.wantStatus(h.send(h.form("/oauth2/token", tokenForm(id, old))), http.StatusUnauthorized)
	h.wantAlive(before, true)
	h.wantAlive(h.requestToken(id, secret, "funding:read_profile"), true)
	h.wantStatus(h.revoke(id, old, before), http.StatusUnauthorized)
	h.wantAlive(before, true)
	h.wantStatus(h.revoke(id, secret, before), http.StatusOK)
	h.wantAlive(before, false)
}

// TestEditScopes checks that new scopes apply to new tokens only.
func TestEditScopes(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("funding:read_profile")
	before := h.requestToken(id, secret, "funding:read_profile")
	h.clock.advance(time.Second)
	if err := h.EditCredential(id, func(c *Credential) {
		c.Scopes, c.ClientID = []string{"transfer:read_transfer"}, "other"
	}); err != nil {
		t.Fatal(err)
	}
	h.wantStatus(h.call(before, http.MethodGet, "/v2/profiles", ""), http.StatusOK)
	h.wantStatus(h.send(h.form("/oauth2/token", tokenForm(id, secret, "funding:read_profile"))), http.StatusBadRequest)
	h.requestToken(id, secret, "transfer:read_transfer")
	if edited := h.Credentials()[0]; edited.ClientID != id || edited.UpdatedAt.Sub(edited.CreatedAt) != time.Second {
		t.Errorf("edited to %+v", edited)
	}
	if err := h.EditCredential(id, func(c *Credential) { c.Status = "GONE" }); err == nil {
		t.Error("an unknown status was accepted")
	}
}

// TestEndOfCredential checks that disabling a client ends its live tokens for good, and no others.
func TestEndOfCredential(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*harness, string) error{
		"disable": func(h *harness, id string) error { return h.DisableCredential(id) },
		"delete":  func(h *harness, id string) error { return h.DeleteCredential(id) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, Options{})
			id, secret := h.newCredential("funding:read_profile")
			otherID, otherSecret := h.newCredential("funding:read_profile")
			mine, other := h.requestToken(id, secret, "funding:read_profile"), h.requestToken(otherID, otherSecret,
				"funding:read_profile")
			if err := end(h, id); err != nil {
				t.Fatal(err)
			}
			h.wantAlive(mine, false)
			h.wantAlive(other, true)
			h.wantStatus(h.call(mine, http.MethodGet, "/v2/profiles", ""), http.StatusUnauthorized)
			h.wantStatus(h.send(h.form("/oauth2/token", tokenForm(id, secret))), http.StatusUnauthorized)
			h.wantStatus(h.revoke(id, secret, mine), http.StatusUnauthorized)

			if err := h.EditCredential(id, func(c *Credential) { c.Status = "APPROVED" }); err != nil {
				t.Fatal(err)
			}
			h.wantAlive(mine, false)
			h.wantAlive(h.requestToken(id, secret, "funding:read_profile"), true)
		})
	}
}

// TestUnknownCredential checks that every method of the dashboard reports an unknown client.
func TestUnknownCredential(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	_, rotating := h.RotateCredential("nobody")
	for name, err := range map[string]error{
		"rotate":  rotating,
		"edit":    h.EditCredential("nobody", func(*Credential) {}),
		"disable": h.DisableCredential("nobody"),
		"delete":  h.DeleteCredential("nobody"),
	} {
		if !errors.Is(err, errUnknownCredential) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
