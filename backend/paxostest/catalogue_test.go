package paxostest

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// parameter matches a placeholder in a path.
var parameter = regexp.MustCompile(`\{[a-z_]+\}`)

// operate calls an operation, with a fresh id for every parameter of its path.
func (h *harness) operate(accessToken string, o catalog.Operation) answer {
	h.t.Helper()
	return h.call(accessToken, o.Method, parameter.ReplaceAllString(o.Path, newUUID()), "")
}

// opened reports whether the token was accepted: the operation answered, or it refused the request for
// another reason than the token.
func (a answer) opened() bool {
	return a.status == http.StatusOK || a.status == http.StatusBadRequest || strings.Contains(a.body, "not found: ")
}

// allScopes returns the scopes of the catalogue.
func allScopes() []string {
	var all []string
	for _, s := range catalog.Scopes() {
		all = append(all, s.Name)
	}
	return all
}

// TestEachScopeOpensItsOperations calls every operation with a token for each scope alone. The token
// opens the operations that name the scope, those that need no scope, and no other.
func TestEachScopeOpensItsOperations(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{TokenLimit: -1})
	scopes := allScopes()
	id, secret := h.newCredential(scopes...)
	opened, pairs := 0, 0
	for _, o := range catalog.Operations() {
		pairs += len(o.Scopes)
	}
	for _, scope := range scopes {
		accessToken := h.requestToken(id, secret, scope)
		for _, o := range catalog.Operations() {
			a := h.operate(accessToken, o)
			names := slices.Contains(o.Scopes, scope)
			if want := names || o.Access != catalog.WithScope; a.opened() != want {
				t.Errorf("%s with %s: %d %s", o.ID, scope, a.status, a.body)
			}
			if names && a.opened() {
				opened++
			}
		}
	}
	if opened != pairs {
		t.Errorf("%d pairs of scope and operation were opened, want %d", opened, pairs)
	}
}

// TestEachOperationRefuses calls every operation without a token, with an invalid one, with one that
// has all scopes except those it needs, and with one from an address that is not on the allow-list,
// and checks the words of the refusal. Public operations accept all of these, and operations that
// need no scope accept any live token.
func TestEachOperationRefuses(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{TokenLimit: -1})
	scopes := allScopes()
	id, secret := h.newCredential(scopes...)
	without := h.requestToken(id, secret) // without scopes
	elsewhere, elsewhereSecret := h.newCredential(scopes...)
	if err := h.EditCredential(elsewhere, func(c *Credential) { c.IPAllowlist = []string{"10.0.0.0/8"} }); err != nil {
		t.Fatal(err)
	}
	distant := h.requestToken(elsewhere, elsewhereSecret, scopes...)
	refused := 0
	for _, o := range catalog.Operations() {
		want := map[string]string{"": "no authorization header set", "x.y": "invalid or expired token",
			distant: "IP address not allowed"}
		switch o.Access {
		case catalog.Public:
			want = map[string]string{"": "", "x.y": "", distant: "", without: ""}
		case catalog.AnyToken:
			want[without] = ""
		case catalog.WithScope:
			others := slices.DeleteFunc(slices.Clone(scopes), func(scope string) bool {
				return slices.Contains(o.Scopes, scope)
			})
			accepted := strings.Join(o.Scopes, " ")
			want[without] = fmt.Sprintf("insufficient scopes: found '', required one of '[%s]'", accepted)
			want[h.requestToken(id, secret, others...)] = fmt.Sprintf("insufficient scopes: found '%s', required "+
				"one of '[%s]'", strings.Join(others, " "), accepted)
			refused++
		}
		for accessToken, detail := range want {
			a := h.operate(accessToken, o)
			if said, _ := a.object(t)["detail"].(string); a.opened() != (detail == "") || said != detail {
				t.Errorf("%s: %d %s, want %q", o.ID, a.status, a.body, detail)
			}
			if status := a.object(t)["status"]; detail != "" &&
				(status != float64(a.status) ||
					a.status != http.StatusUnauthorized && a.status != http.StatusForbidden) {
				t.Errorf("%s: %d %s", o.ID, a.status, a.body)
			}
		}
	}
	if want := len(catalog.OpenedBy(scopes...)); refused != want {
		t.Errorf("%d operations refuse a token without their scope, want %d", refused, want)
	}
}
