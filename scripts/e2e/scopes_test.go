package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// answers calls Paxos with the token and returns the status.
func (m *mount) answers(accessToken, method, path string) int {
	m.Helper()
	req, err := http.NewRequestWithContext(m.Context(), method, m.paxos.APIURL()+path, nil)
	if err != nil {
		m.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+accessToken)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		m.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		m.Fatal(err)
	}
	return resp.StatusCode
}

// TestARoleIsWrittenByOperations checks that the token of a role with operations opens those, and not a
// withdrawal, for which the client of the mount has the scope.
func TestARoleIsWrittenByOperations(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), paxostest.Options{})
	m.write("roles/app", map[string]any{"operations": "ListProfiles,GetTransfer"})
	role, err := m.client.Logical().ReadWithContext(t.Context(), m.path+"/roles/app")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"resolved_scopes": "[funding:read_profile transfer:read_transfer]",
		"scope_sources": "map[funding:read_profile:[operations: ListProfiles] " +
			"transfer:read_transfer:[operations: GetTransfer]]",
		"operations_beyond": "[GetProfile ListProfileBalances GetProfileBalance CreateSandboxDeposit ListTransfers]",
	} {
		if got := fmt.Sprint(role.Data[name]); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	accessToken := token(m.read("creds/app"))
	for _, call := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "/profiles", http.StatusOK},
		{http.MethodGet, "/transfer/transfers", http.StatusOK},
		{http.MethodPost, "/transfer/crypto-withdrawals", http.StatusForbidden},
		{http.MethodGet, "/events", http.StatusForbidden},
	} {
		if got := m.answers(accessToken, call.method, call.path); got != call.want {
			t.Errorf("%s %s answers %d, want %d", call.method, call.path, got, call.want)
		}
	}
	if _, err := m.client.Logical().WriteWithContext(t.Context(), m.path+"/roles/app",
		map[string]any{"operations": "ListMarkets"}); status(err) != http.StatusBadRequest {
		t.Errorf("a role by a public operation: %v", err)
	}
}

// TestTheCatalogueIsSearched searches with a read, because vault list sends no parameters.
func TestTheCatalogueIsSearched(t *testing.T) {
	t.Parallel()
	m := newBareMount(t, shared(t), paxostest.Options{})
	for _, search := range []struct{ path, query, want string }{
		{"scopes", "risk=admin", "[api_creds:delete_credentials api_creds:read_credentials]"},
		{"operations", "tag=transfers", "[GetTransfer ListTransfers]"},
		{"operations", "q=withdrawal&limit=1&after=CreateCryptoWithdrawal", "[CreateCryptoWithdrawalFee]"},
		{"scope-sets", "limit=1", "[conversions-to-orchestrations]"},
	} {
		query, err := url.ParseQuery("list=true&" + search.query)
		if err != nil {
			t.Fatal(err)
		}
		listed, err := m.client.Logical().ReadWithDataWithContext(t.Context(), m.path+"/"+search.path, query)
		if err != nil {
			t.Fatal(err)
		}
		info, _ := listed.Data["key_info"].(map[string]any)
		if got := fmt.Sprint(listed.Data["keys"]); got != search.want || len(info) == 0 {
			t.Errorf("%s?%s lists %s and says %v, want %s", search.path, search.query, got, info, search.want)
		}
	}
	scope, err := m.client.Logical().ReadWithContext(t.Context(), m.path+"/scopes/"+withdrawals)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(scope.Data["risk"], scope.Data["operations"]); got != "moves-money[CreateCryptoWithdrawal]" {
		t.Errorf("the scope reads as %s", got)
	}
	code, answer := m.send(http.MethodGet, "scopes/event:read_event", "")
	if code != http.StatusNotFound || !strings.Contains(answer, "did you mean events:read_event?") {
		t.Errorf("an unknown scope: %d %s", code, answer)
	}
}

// TestAScopeSetIsItsOwnersAlone checks that somebody who may write roles and not sets can use a set but
// not change it, and that a change of a set does not change the roles.
func TestAScopeSetIsItsOwnersAlone(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), paxostest.Options{})
	m.write("scope-sets/app", map[string]any{"scopes": profiles})
	operator := m.login(fmt.Sprintf(`
path "%[1]s/roles/*"      { capabilities = ["create", "read", "update", "patch", "delete", "list"] }
path "%[1]s/scope-sets/*" { capabilities = ["read", "list"] }`, m.path))
	if _, err := operator.Logical().WriteWithContext(t.Context(), m.path+"/roles/app",
		map[string]any{"scope_sets": "app"}); err != nil {
		t.Fatal(err)
	}
	if _, err := operator.Logical().WriteWithContext(t.Context(), m.path+"/scope-sets/app",
		map[string]any{"scopes": withdrawals}); status(err) != http.StatusForbidden {
		t.Errorf("a write of the set: %v", err)
	}
	answer := m.write("scope-sets/app", map[string]any{"scopes": []string{profiles, withdrawals}})
	if answer == nil || !strings.Contains(fmt.Sprint(answer.Warnings),
		"until they are written again with scope_sets: app.]") {
		t.Errorf("the write of a set in use answers %+v", answer)
	}
	m.read("creds/app")
	if live := m.paxos.LiveTokens(); len(live) != 1 || !slices.Equal(live[0].Scopes, []string{profiles}) {
		t.Errorf("at Paxos live %+v", live)
	}
}

// TestAGlobInAPolicyNarrowsNothing checks that a policy with a glob allows more than its beginning
// says: the caller can append other scopes in the same string. For this reason, the policies in
// docs/policies.md name exact values.
func TestAGlobInAPolicyNarrowsNothing(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), paxostest.Options{})
	m.role("a", nil, profiles, withdrawals)
	app := m.login(fmt.Sprintf(`path "%s/creds/a" {
  capabilities        = ["update"]
  required_parameters = ["scopes"]
  allowed_parameters  = { "scopes" = ["funding:*"] }
}`, m.path))
	path := m.path + "/creds/a"
	if _, err := app.Logical().WriteWithContext(t.Context(), path,
		map[string]any{"scopes": withdrawals}); status(err) != http.StatusForbidden {
		t.Errorf("the other scope alone: %v", err)
	}
	answer, err := app.Logical().WriteWithContext(t.Context(), path,
		map[string]any{"scopes": profiles + "," + withdrawals})
	if err != nil {
		t.Fatalf("this Vault keeps to the glob, and docs/policies.md is wrong: %v", err)
	}
	m.guard(token(answer))
	if got := m.answers(token(answer), http.MethodPost, "/transfer/crypto-withdrawals"); got == http.StatusForbidden {
		t.Error("the token does not open a withdrawal")
	}
}

// TestAPolicyAllowsSeveralNarrowings checks how Vault compares scopes with the allowed values of a
// policy. It compares an array, or a string with commas, as a whole. Recent versions then compare
// element by element, so that scopes that are listed separately can be requested together. An
// allowed value with commas matches that string only.
func TestAPolicyAllowsSeveralNarrowings(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), paxostest.Options{})
	both := profiles + "," + transfers
	rule := ""
	for role, allowed := range map[string]string{"either": profiles + `", "` + transfers, "together": both} {
		m.role(role, nil, profiles, transfers, withdrawals)
		rule += fmt.Sprintf(`path "%s/creds/%s" {
  capabilities        = ["update"]
  required_parameters = ["scopes"]
  allowed_parameters  = { "scopes" = ["%s"] }
}
`, m.path, role, allowed)
	}
	app := m.login(rule)
	const admitted = 0
	for _, asked := range []struct {
		role   string
		scopes any
		want   int
		older  int // the status of older versions of Vault, if it differs
	}{
		{"either", profiles, admitted, admitted},
		{"either", transfers, admitted, admitted},
		{"either", both, admitted, http.StatusForbidden},
		{"either", []string{profiles, transfers}, admitted, http.StatusForbidden},
		// refused by the engine, because of the white space
		{"either", profiles + ", " + transfers, http.StatusBadRequest, http.StatusForbidden},
		// refused by the engine: an empty text does not mean "all"
		{"either", []string{}, http.StatusBadRequest, http.StatusForbidden},
		{"either", both + "," + withdrawals, http.StatusForbidden, http.StatusForbidden},
		{"either", []string{profiles, withdrawals}, http.StatusForbidden, http.StatusForbidden},
		{"together", both, admitted, admitted},
		{"together", profiles, http.StatusForbidden, http.StatusForbidden},
		{"together", transfers + "," + profiles, http.StatusForbidden, http.StatusForbidden},
		{"together", profiles + ", " + transfers, http.StatusForbidden, http.StatusForbidden},
		{"together", both + "," + withdrawals, http.StatusForbidden, http.StatusForbidden},
		{"together", []string{profiles, transfers}, http.StatusForbidden, http.StatusForbidden},
		// refused by the engine: each element must be one scope
		{"together", []string{both}, http.StatusBadRequest, http.StatusForbidden},
	} {
		answer, err := app.Logical().WriteWithContext(t.Context(), m.path+"/creds/"+asked.role,
			map[string]any{"scopes": asked.scopes})
		if got := status(err); got != asked.want && got != asked.older {
			t.Errorf("creds/%s for %v: want status %d or %d, got %v", asked.role, asked.scopes, asked.want,
				asked.older, err)
		}
		if err == nil {
			m.guard(token(answer))
		}
	}
	for _, live := range m.paxos.LiveTokens() {
		if slices.Contains(live.Scopes, withdrawals) {
			t.Errorf("a token holds %s", live.Scopes)
		}
	}
}
