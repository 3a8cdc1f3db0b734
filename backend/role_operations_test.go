package backend_test

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// newOmnipotentMount returns a mount whose root client holds every scope there is, and
// whose guardrails let all pass.
func newOmnipotentMount(t *testing.T) *mount {
	t.Helper()
	m := newMount(t)
	m.makeOmnipotent()
	return m
}

// makeOmnipotent configures the mount with a root client that holds every scope, which it returns.
func (m *mount) makeOmnipotent() (scopes []string) {
	m.T.Helper()
	for _, scope := range catalog.Scopes() {
		scopes = append(scopes, scope.Name)
	}
	var err error
	if m.Client, m.Secret, err = m.Paxos.CreateCredential(paxostest.Credential{Nickname: "vault-all",
		Scopes: scopes}); err != nil {
		m.T.Fatal(err)
	}
	m.Configure()
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"allow_admin_scopes": true})
	return scopes
}

// braces are a part of an operation's path that stands for a value.
var braces = regexp.MustCompile(`\{[a-z_]+\}`)

// opens calls an operation at Paxos and reports whether it was reached: answered, or
// refused for what was asked and not for who asked.
func (m *mount) opens(accessToken string, o catalog.Operation) bool {
	m.T.Helper()
	path := braces.ReplaceAllString(o.Path, "0d7bd2f4-8a3c-4f70-9f2b-1f0c5a7f9f11")
	req, err := http.NewRequestWithContext(m.T.Context(), o.Method, m.Paxos.URL()+path, nil)
	if err != nil {
		m.T.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+accessToken)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		m.T.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		m.T.Fatal(err)
	}
	return resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusBadRequest ||
		strings.Contains(string(body), "not found: ")
}

// opened lists the operations that need a scope and that the token opens. It fails if
// one that needs none is closed.
func (m *mount) opened(accessToken string) []string {
	m.T.Helper()
	ids := []string{}
	for _, o := range catalog.Operations() {
		switch open := m.opens(accessToken, o); {
		case o.Access == catalog.WithScope && open:
			ids = append(ids, o.ID)
		case o.Access != catalog.WithScope && !open:
			m.T.Errorf("%s needs no scope and is closed", o.ID)
		}
	}
	return ids
}

// TestARoleOfOneOperationOpensIt and of the others exactly those that share its scope,
// for every operation that needs one: a role that is written by it alone, a token of
// that role, and every operation of Paxos called with it. The seven that need none are
// refused with the reason.
func TestARoleOfOneOperationOpensIt(t *testing.T) {
	t.Parallel()
	m := newOmnipotentMount(t)
	opened, refused := 0, 0
	for _, o := range catalog.Operations() {
		path := "roles/" + o.ID
		if o.Access != catalog.WithScope {
			reason := map[catalog.Access]string{catalog.Public: "is public and needs no token",
				catalog.AnyToken: "any valid token may call without a scope"}[o.Access]
			status, text := m.Refused(logical.UpdateOperation, path, map[string]any{"operations": o.ID})
			if status != 400 || !strings.Contains(text, "operations names "+o.ID+", which "+reason) {
				t.Errorf("%s: %d %s", o.ID, status, text)
			}
			refused++
			continue
		}
		m.Must(logical.UpdateOperation, path, map[string]any{"operations": o.ID})
		read := m.Must(logical.ReadOperation, path, nil).Data
		scopes := texts(read["resolved_scopes"])
		if len(scopes) != 1 || !slices.Contains(o.Scopes, scopes[0]) ||
			fmt.Sprint(read["scope_sources"]) != "map["+scopes[0]+":[operations: "+o.ID+"]]" {
			t.Errorf("%s, which takes %s, resolves to %s from %v", o.ID, o.Scopes, scopes, read["scope_sources"])
			continue
		}
		want := []string{}
		for _, other := range catalog.Operations() {
			if slices.Contains(other.Scopes, scopes[0]) {
				want = append(want, other.ID)
			}
		}
		m.Clock.Advance(5 * time.Second) // so that all roles stay within the budget of token requests
		accessToken := backendtest.Token(m.Must(logical.ReadOperation, "creds/"+o.ID, nil))
		got := m.opened(accessToken)
		opened++
		if !slices.Equal(got, want) || !slices.Contains(got, o.ID) {
			t.Errorf("%s opens %s, want %s", o.ID, got, want)
		}
		beyond := slices.DeleteFunc(slices.Clone(got), func(id string) bool { return id == o.ID })
		if told := texts(read["operations_beyond"]); !slices.Equal(told, beyond) {
			t.Errorf("%s: operations_beyond is %s, and it opens %s", o.ID, told, beyond)
		}
	}
	needScope := 0
	for _, o := range catalog.Operations() {
		if o.Access == catalog.WithScope {
			needScope++
		}
	}
	if all := len(catalog.Operations()); opened != needScope || refused != all-needScope {
		t.Errorf("%d operations were opened and %d refused; %d of %d need a scope", opened, refused, needScope, all)
	}
}

// texts are the strings of an answer.
func texts(answered any) []string {
	all := []string{}
	list, _ := answered.([]any)
	for _, element := range list {
		all = append(all, element.(string))
	}
	return all
}

// seedScopes are those of the example in Paxos's own guide to credentials.
const seedScopes = `orchestration:read_orchestration orchestration:write_orchestration
	orchestration:read_orchestration_rule orchestration:write_orchestration_rule funding:read_profile
	funding:write_profile transfer:read_deposit_address transfer:read_transfer
	transfer:read_fiat_account transfer:read_fiat_deposit_instructions transfer:write_internal_transfer
	transfer:write_crypto_withdrawal transfer:write_deposit_address transfer:write_fiat_account
	transfer:write_fiat_deposit_instructions transfer:write_fiat_withdrawal`

// seedOperations are what an application calls to mint, redeem and convert: it
// orchestrates, watches what comes of it, and asks where to deposit.
const seedOperations = "CreateOrchestration,GetOrchestration,ListProfiles,CreateDepositAddress,GetTransfer"

// TestTheExampleInThreeWays writes the example of 16 scopes as a role by scopes, by the
// built-in set, and by operations, and calls everything with a token of each.
func TestTheExampleInThreeWays(t *testing.T) {
	t.Parallel()
	m := newOmnipotentMount(t)
	grants := map[string][]string{}
	scopes := map[string][]string{}
	for name, data := range map[string]map[string]any{
		"strings":    {"scopes": seedScopes},
		"set":        {"scope_sets": "mint-redeem-convert"},
		"operations": {"operations": seedOperations},
	} {
		m.Must(logical.UpdateOperation, "roles/"+name, data)
		scopes[name] = texts(m.Must(logical.ReadOperation, "roles/"+name, nil).Data["resolved_scopes"])
		grants[name] = m.opened(backendtest.Token(m.Must(logical.ReadOperation, "creds/"+name, nil)))
	}
	if !slices.Equal(slices.Sorted(slices.Values(scopes["set"])),
		slices.Sorted(slices.Values(scopes["strings"]))) || !slices.Equal(grants["set"], grants["strings"]) {
		t.Errorf("the set gives %s, the strings %s", scopes["set"], scopes["strings"])
	}
	for name, want := range map[string][2]int{"strings": {16, 29}, "set": {16, 29}, "operations": {5, 11}} {
		if len(scopes[name]) != want[0] || len(grants[name]) != want[1] {
			t.Errorf("by %s: %d scopes %s open %d operations %s; want %v", name, len(scopes[name]), scopes[name],
				len(grants[name]), grants[name], want)
		}
	}
	for _, id := range strings.Split(seedOperations, ",") {
		if !slices.Contains(grants["operations"], id) {
			t.Errorf("%s was asked for and is closed", id)
		}
	}
	// The difference is what the application never calls, the moving of money out of Paxos first of
	// all.
	for _, id := range []string{"CreateCryptoWithdrawal", "CreateFiatWithdrawal", "CreateInternalTransfer"} {
		if slices.Contains(grants["operations"], id) || !slices.Contains(grants["strings"], id) {
			t.Errorf("%s: the strings open %s, the operations %s", id, grants["strings"], grants["operations"])
		}
	}
}
