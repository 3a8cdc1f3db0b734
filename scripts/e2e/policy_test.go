package e2e

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/hashicorp/vault/api"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// appRole creates an AppRole with the policy and returns its role_id and secret_id. The policy and the
// AppRole have the name of the mount.
func (m *mount) appRole(policy string) (roleID, secretID string) {
	m.Helper()
	ctx, sys := m.Context(), m.client.Sys()
	if err := sys.PutPolicyWithContext(ctx, m.path, policy); err != nil {
		m.Fatal(err)
	}
	login := "login-" + m.path
	if err := sys.EnableAuthWithOptionsWithContext(ctx, login, &api.EnableAuthOptions{Type: "approle"}); err != nil {
		m.Fatal(err)
	}
	role := "auth/" + login + "/role/app"
	if _, err := m.client.Logical().WriteWithContext(ctx, role,
		map[string]any{"token_policies": m.path, "token_ttl": "10m"}); err != nil {
		m.Fatal(err)
	}
	id, err := m.client.Logical().ReadWithContext(ctx, role+"/role-id")
	if err != nil {
		m.Fatal(err)
	}
	secret, err := m.client.Logical().WriteWithContext(ctx, role+"/secret-id", nil)
	if err != nil {
		m.Fatal(err)
	}
	return id.Data["role_id"].(string), secret.Data["secret_id"].(string)
}

// login returns a client whose token has the policy.
func (m *mount) login(policy string) *api.Client {
	m.Helper()
	roleID, secretID := m.appRole(policy)
	c := client(m.T, m.server, "")
	answer, err := c.Logical().WriteWithContext(m.Context(), "auth/login-"+m.path+"/login",
		map[string]any{"role_id": roleID, "secret_id": secretID})
	if err != nil {
		m.Fatal(err)
	}
	c.SetToken(answer.Auth.ClientToken)
	return c
}

// TestPolicyAllowsOneRoleAndNotAnother checks what an application can read that has logged in by
// AppRole.
func TestPolicyAllowsOneRoleAndNotAnother(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), paxostest.Options{})
	m.role("a", nil, profiles)
	m.role("b", nil, withdrawals)
	app := m.login(fmt.Sprintf(`path "%s/creds/a" { capabilities = ["read"] }`, m.path))

	answer, err := m.readAs(app, "creds/a")
	if err != nil {
		t.Fatal(err)
	}
	m.expectAlive(token(answer), true)
	for _, path := range []string{"creds/b", "creds/A", "token/a", "roles/a", "config", "config/connection", "status"} {
		if _, err := app.Logical().ReadWithContext(t.Context(), m.path+"/"+path); status(err) != http.StatusForbidden {
			t.Errorf("reading %s: %v", path, err)
		}
	}
	if _, err := app.Logical().WriteWithContext(t.Context(), m.path+"/creds/a",
		map[string]any{"scopes": profiles}); status(err) != http.StatusForbidden {
		t.Errorf("writing creds/a: %v", err)
	}
	m.expectIssued(1)
}

// TestConnectionNeedsSudo uses config/connection with every capability except sudo.
func TestConnectionNeedsSudo(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), paxostest.Options{})
	app := m.login(fmt.Sprintf(
		`path "%s/*" { capabilities = ["create", "read", "update", "patch", "delete", "list"] }`, m.path))
	if _, err := app.Logical().ReadWithContext(t.Context(), m.path+"/config"); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"config/connection", "config/connection/", "config//connection"} {
		_, err := app.Logical().WriteWithContext(t.Context(), m.path+"/"+path, map[string]any{"request_timeout": "5s"})
		if err == nil {
			t.Errorf("%s was written without sudo", path)
		}
	}
	if _, err := app.Logical().ReadWithContext(t.Context(),
		m.path+"/config/connection"); status(err) != http.StatusForbidden {
		t.Errorf("reading the connection: %v", err)
	}
	answer, err := m.client.Logical().ReadWithContext(t.Context(), m.path+"/config/connection")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(answer.Data["request_timeout"]); got != "10" {
		t.Errorf("request_timeout is %s", got)
	}
}

// TestExceptionsNeedSudo uses exceptions with every capability except sudo, and then with sudo.
func TestExceptionsNeedSudo(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), paxostest.Options{})
	accept := map[string]any{"rule": "dangerous-option", "subject": "config/connection", "reason": "a test server",
		"expires_at": "90d"}
	m.write("exceptions/there", accept)
	without := m.login(fmt.Sprintf(
		`path "%s/*" { capabilities = ["create", "read", "update", "patch", "delete", "list"] }`, m.path))
	for what, err := range map[string]error{
		"write": second(without.Logical().WriteWithContext(t.Context(), m.path+"/exceptions/new", accept)),
		"update": second(without.Logical().WriteWithContext(t.Context(), m.path+"/exceptions/there",
			map[string]any{"expires_at": "1d"})),
		"read":   second(without.Logical().ReadWithContext(t.Context(), m.path+"/exceptions/there")),
		"list":   second(without.Logical().ListWithContext(t.Context(), m.path+"/exceptions")),
		"delete": second(without.Logical().DeleteWithContext(t.Context(), m.path+"/exceptions/there")),
	} {
		if status(err) != http.StatusForbidden {
			t.Errorf("%s without sudo: %v", what, err)
		}
	}
	for _, path := range []string{"exceptions/there/", "exceptions//new", "exceptions"} {
		if _, err := without.Logical().WriteWithContext(t.Context(), m.path+"/"+path, accept); err == nil {
			t.Errorf("%s was written without sudo", path)
		}
	}
	const policy = "exceptions-with-sudo"
	if err := m.client.Sys().PutPolicyWithContext(t.Context(), policy,
		fmt.Sprintf(
			`path "%s/exceptions/*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }`,
			m.path)); err != nil {
		t.Fatal(err)
	}
	made, err := m.client.Auth().Token().CreateWithContext(t.Context(),
		&api.TokenCreateRequest{Policies: []string{policy}})
	if err != nil {
		t.Fatal(err)
	}
	with, err := m.client.Clone()
	if err != nil {
		t.Fatal(err)
	}
	with.SetToken(made.Auth.ClientToken)
	if _, err := with.Logical().WriteWithContext(t.Context(), m.path+"/exceptions/new", accept); err != nil {
		t.Error(err)
	}
	answer, err := with.Logical().ListWithContext(t.Context(), m.path+"/exceptions")
	if err != nil || fmt.Sprint(answer.Data["keys"]) != "[new there]" {
		t.Errorf("listed are %v, %v", answer, err)
	}
	answer, err = with.Logical().ReadWithContext(t.Context(), m.path+"/exceptions/new")
	if err != nil || answer.Data["display_name"] == "" {
		t.Errorf("read is %v, %v", answer, err)
	}
}

// second returns the second result of a call of Vault's API, which is its error.
func second(_ *api.Secret, err error) error { return err }

// TestPolicyForcesNarrowing checks that a policy can require and limit parameters, so that an
// application gets only some of its role's scopes.
func TestPolicyForcesNarrowing(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), paxostest.Options{})
	m.role("a", nil, profiles, transfers)
	app := m.login(fmt.Sprintf(`path "%s/creds/a" {
  capabilities        = ["update"]
  required_parameters = ["scopes"]
  allowed_parameters  = { "scopes" = ["%s"], "rejected_token_id" = [] }
}`, m.path, profiles))

	answer, err := app.Logical().WriteWithContext(t.Context(), m.path+"/creds/a", map[string]any{"scopes": profiles})
	if err != nil {
		t.Fatal(err)
	}
	m.guard(token(answer))
	if live := m.paxos.LiveTokens(); len(live) != 1 || len(live[0].Scopes) != 1 || live[0].Scopes[0] != profiles {
		t.Errorf("at Paxos live %+v", live)
	}
	said, err := app.Logical().WriteWithContext(t.Context(), m.path+"/creds/a",
		map[string]any{"scopes": profiles, "rejected_token_id": answer.Data["token_id"]})
	if err != nil || token(said) != token(answer) || len(said.Warnings) != 1 {
		t.Errorf("a reader's word about a token that is valid: %v, error %v", said, err)
	}
	// Where a policy compares each value of a list, it allows a list without values, such as an empty
	// string. The engine does not treat it as "all".
	emptied := http.StatusForbidden
	if m.server.Product.ComparesEachValue() {
		emptied = http.StatusBadRequest
	}
	for name, refused := range map[string]struct {
		data map[string]any
		want int
	}{
		"a token instead of its id": {map[string]any{"scopes": profiles, "rejected_token_id": token(answer)},
			http.StatusBadRequest},
		"all, by leaving scopes out": {map[string]any{}, http.StatusForbidden},
		"another scope":              {map[string]any{"scopes": transfers}, http.StatusForbidden},
		"both, as a string":          {map[string]any{"scopes": profiles + "," + transfers}, http.StatusForbidden},
		"both, as an array":          {map[string]any{"scopes": []string{profiles, transfers}}, http.StatusForbidden},
		"a parameter besides":        {map[string]any{"scopes": profiles, "ttl": "1m"}, http.StatusForbidden},
		"none, as null":              {map[string]any{"scopes": nil}, http.StatusForbidden},
		"none, as an empty string":   {map[string]any{"scopes": ""}, emptied},
	} {
		if _, err := app.Logical().WriteWithContext(t.Context(), m.path+"/creds/a",
			refused.data); status(err) != refused.want {
			t.Errorf("%s: want status %d, got %v", name, refused.want, err)
		}
	}
	if _, err := app.Logical().ReadWithContext(t.Context(), m.path+"/creds/a"); status(err) != http.StatusForbidden {
		t.Errorf("reading: %v", err)
	}
	m.expectIssued(1)
}

// TestPolicyWithLists checks which lists of scopes a policy allows. A policy with the values in lists has
// the same meaning on every server.
func TestPolicyWithLists(t *testing.T) {
	t.Parallel()
	type list = []string
	one, two := profiles, transfers
	for name, policy := range map[string]struct {
		allowed string
		always  []any // what every server allows
		each    []any // what only a server allows that compares each value
		never   []any
	}{
		"values": {
			fmt.Sprintf("[%q, %q]", one, two),
			[]any{one, two},
			[]any{list{one}, list{two}, list{one, two}, list{two, one}, one + "," + two},
			[]any{withdrawals, list{withdrawals}, list{one, withdrawals}, one + "," + withdrawals},
		},
		"lists": {
			fmt.Sprintf("[%q, [%q], [%q, %q]]", one, one, one, two),
			[]any{one, list{one}, list{one, two}},
			nil,
			[]any{two, list{two}, list{two, one}, one + "," + two, list{one, two, withdrawals}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMount(t, shared(t), paxostest.Options{})
			m.role("a", nil, profiles, transfers, withdrawals)
			app := m.login(fmt.Sprintf(`path "%s/token/a" {
  capabilities        = ["update"]
  required_parameters = ["scopes"]
  allowed_parameters  = { "scopes" = %s }
}`, m.path, policy.allowed))
			expect := func(scopes any, want bool) {
				t.Helper()
				answer, err := app.Logical().WriteWithContext(t.Context(), m.path+"/token/a",
					map[string]any{"scopes": scopes})
				switch {
				case want && err != nil:
					t.Errorf("%q is not allowed: %v", scopes, err)
				case !want && status(err) != http.StatusForbidden:
					t.Errorf("%q is not forbidden: %v, %v", scopes, answer, err)
				}
			}
			for _, scopes := range policy.always {
				expect(scopes, true)
			}
			for _, scopes := range policy.each {
				expect(scopes, m.server.Product.ComparesEachValue())
			}
			for _, scopes := range policy.never {
				expect(scopes, false)
			}
		})
	}
}
