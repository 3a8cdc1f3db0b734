package backend_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

func TestARoleReadsBackAsWritten(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.Must(logical.UpdateOperation, "roles/Mint-1.a", map[string]any{
		"scopes": "funding:read_profile transfer:read_transfer,funding:read_profile", "ttl": "20m", "max_ttl": 1800,
		"metadata": map[string]any{"team": "treasury"},
	})
	got := m.Must(logical.ReadOperation, "roles/Mint-1.a", nil).Data
	want := map[string]string{
		"credential_type": "access_token", "resolved_scopes": "[funding:read_profile transfer:read_transfer]",
		"ttl":     "1200",
		"max_ttl": "1800", "min_ttl": "300", "idle_ttl": "300", "unique_tokens": "false", "disabled": "false",
		"metadata": "map[team:treasury]",
	}
	for name, value := range want {
		if fmt.Sprint(got[name]) != value {
			t.Errorf("%s is %v, want %s", name, got[name], value)
		}
	}
	if resp := m.Must(logical.ReadOperation, "roles/mint-1.a", nil); resp != nil {
		t.Error("names are not told apart by case")
	}
}

func TestARoleKeepsWhatAWriteDoesNotName(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	all := map[string]any{
		"scopes": []any{"events:read_event"}, "ttl": 60, "max_ttl": 600, "min_ttl": 30, "idle_ttl": 0,
		"unique_tokens": true, "disabled": true, "metadata": "a=b",
	}
	m.Must(logical.UpdateOperation, "roles/mint", all)
	before := m.Must(logical.ReadOperation, "roles/mint", nil).Data
	for name, value := range all {
		for _, operation := range []logical.Operation{logical.UpdateOperation, logical.PatchOperation} {
			m.Must(operation, "roles/mint", map[string]any{name: value})
			if after := m.Must(logical.ReadOperation, "roles/mint", nil).Data; fmt.Sprint(after) != fmt.Sprint(before) {
				t.Errorf("%s of %s alone changed the role from %v to %v", operation, name, before, after)
			}
		}
	}
	m.Must(logical.PatchOperation, "roles/mint", map[string]any{"min_ttl": nil, "metadata": nil})
	after := m.Must(logical.ReadOperation, "roles/mint", nil).Data
	if fmt.Sprint(after["min_ttl"]) != "300" || fmt.Sprint(after["metadata"]) != "map[]" {
		t.Errorf("null did not give the defaults back: %v", after)
	}
	if status, _ := m.Refused(logical.PatchOperation, "roles/none", map[string]any{"ttl": 1}); status != 404 {
		t.Errorf("patching a role that is not there: %d, want 404", status)
	}
}

func TestBadRolesAreRefused(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	for says, data := range map[string]map[string]any{
		"operations must give the role at least one": {"ttl": 60},
		"is not a scope":                 {"scopes": "Funding:Read"},
		"ttl must not be greater":        {"scopes": "a:b", "ttl": 60, "max_ttl": 30},
		"credential_type must be":        {"scopes": "a:b", "credential_type": "password"},
		"scopes must be an array":        {"scopes": map[string]any{"v": backendtest.Canary}},
		"ttl must be a duration":         {"scopes": "a:b", "ttl": -5},
		"idle_ttl must be a duration":    {"scopes": "a:b", "idle_ttl": backendtest.Canary},
		"disabled must be true or false": {"scopes": "a:b", "disabled": backendtest.Canary},
		"metadata must be a map of strings": {"scopes": "a:b",
			"metadata": map[string]any{"k": []any{backendtest.Canary}}},
		"metadata has 65 pairs": {"scopes": "a:b", "metadata": manyPairs(65)},
		"metadata must have keys of at most": {"scopes": "a:b",
			"metadata": map[string]any{"k": backendtest.Canary + strings.Repeat("v", 512)}},
		"Unknown parameter \"scope\"": {"scope": backendtest.Canary},
		"at most 1000 elements":       {"scopes": strings.Repeat("a:b,", 10_000)},
		"at most 65536 bytes":         {"scopes": "a:" + strings.Repeat("b", 1<<20)},
		"at most 256 are allowed":     {"scopes": manyScopes(300)},
	} {
		status, text := m.Refused(logical.UpdateOperation, "roles/mint", data)
		if status != 400 || !strings.Contains(text, says) || strings.Contains(text, backendtest.Canary) {
			t.Errorf("%.60v: %d %.300s; want 400 and %q", data, status, text, says)
		}
	}
	if m.Stored() != "" {
		t.Errorf("something was stored: %s", m.Stored())
	}
}

func manyPairs(count int) map[string]any {
	pairs := map[string]any{}
	for i := range count {
		pairs[fmt.Sprint(i)] = "v"
	}
	return pairs
}

func manyScopes(count int) []any {
	var scopes []any
	for i := range count {
		scopes = append(scopes, fmt.Sprintf("many:scope_%d", i))
	}
	return scopes
}

func TestBadNamesAreRefusedEverywhere(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	upstream := m.Paxos.TotalCalls()
	for _, name := range []string{"a..b", "-a", "a-", "a b", "ä", "a%2fb", "a\nb", strings.Repeat("a", 200), ".."} {
		for _, operation := range []logical.Operation{logical.ReadOperation, logical.UpdateOperation,
			logical.DeleteOperation} {
			if status, text := m.Refused(operation, "roles/"+name, nil); status != 400 ||
				!strings.Contains(text, "name must have") {
				t.Errorf("%s roles/%q: %d %s", operation, name, status, text)
			}
		}
		for _, path := range []string{"creds/", "token/"} {
			if status, _ := m.Refused(logical.ReadOperation, path+name, nil); status != 400 {
				t.Errorf("read %s%q: %d", path, name, status)
			}
		}
	}
	if status, _ := m.Refused(logical.ReadOperation, "creds/a/b", nil); status != 404 {
		t.Errorf("a name with a slash: %d, want 404", status)
	}
	if m.Paxos.TotalCalls() != upstream {
		t.Error("Paxos was called")
	}
}

func TestRolesAreListedInPages(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	names := []string{"a", "b", "c", "d", "e"}
	for _, name := range names {
		m.Must(logical.UpdateOperation, "roles/"+name, map[string]any{"scopes": "a:b"})
	}
	keys := func(data map[string]any) []string {
		got, _ := m.Must(logical.ListOperation, "roles/", data).Data["keys"].([]any)
		var all []string
		for _, key := range got {
			all = append(all, key.(string))
		}
		return all
	}
	for _, test := range []struct {
		data map[string]any
		want []string
	}{
		{nil, names},
		{map[string]any{"limit": "2"}, names[:2]},
		{map[string]any{"after": "b", "limit": 2}, names[2:4]},
		{map[string]any{"after": "d", "limit": 10}, names[4:]},
		{map[string]any{"after": "e"}, nil},
	} {
		if got := keys(test.data); !slices.Equal(got, test.want) {
			t.Errorf("list with %v is %v, want %v", test.data, got, test.want)
		}
	}
	if status, text := m.Refused(logical.ListOperation, "roles/", map[string]any{"limit": 0}); status != 400 ||
		!strings.Contains(text, "limit") {
		t.Errorf("limit 0: %d %s", status, text)
	}
}

func TestWhatARoleNoLongerGrantsEnds(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*mount){
		"narrowed": func(m *mount) {
			m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"scopes": "funding:read_profile"})
		},
		"disabled": func(m *mount) { m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"disabled": true}) },
		"deleted":  func(m *mount) { m.Must(logical.DeleteOperation, "roles/mint", nil) },
		"rotated":  func(m *mount) { m.Must(logical.UpdateOperation, "roles/mint/rotate", nil) },
		"replaced": func(m *mount) {
			m.Must(logical.DeleteOperation, "roles/mint", nil)
			m.Must(logical.UpdateOperation, "roles/mint",
				map[string]any{"scopes": "funding:read_profile,transfer:read_transfer"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newConfiguredMount(t)
			m.Must(logical.UpdateOperation, "roles/other",
				map[string]any{"scopes": "funding:read_profile,transfer:read_transfer"})
			leased, unleased := m.Must(logical.ReadOperation, "creds/mint", nil), m.Must(logical.ReadOperation,
				"token/mint", nil)
			other := m.Must(logical.ReadOperation, "creds/other", nil)
			change(m)
			if m.Paxos.Alive(backendtest.Token(leased)) || m.Paxos.Alive(backendtest.Token(unleased)) {
				t.Error("what was issued under the role is valid")
			}
			if !m.Paxos.Alive(backendtest.Token(other)) {
				t.Error("the token of another role was revoked")
			}
			if err := m.Revoke(leased); err != nil {
				t.Errorf("the lease cannot end: %v", err)
			}
			if resp, err := m.Do(logical.ReadOperation, "creds/mint", nil); err == nil && !resp.IsError() &&
				backendtest.Token(resp) == backendtest.Token(leased) {
				t.Error("the dead token is handed out")
			}
		})
	}
}

func TestAWidenedRoleGivesANewTokenAndEndsNone(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	old := m.Must(logical.ReadOperation, "creds/mint", nil)
	m.Must(logical.UpdateOperation, "roles/mint",
		map[string]any{"scopes": "funding:read_profile,transfer:read_transfer,events:read_event"})
	if !m.Paxos.Alive(backendtest.Token(old)) {
		t.Error("widening ended a token")
	}
	if wide := m.Must(logical.ReadOperation, "creds/mint", nil); !strings.Contains(wide.Data["scope"].(string),
		"events:read_event") {
		t.Errorf("the new token has %v", wide.Data["scope"])
	}
}

func TestARotationWhileAMintIsUnderWayLeavesNoOldToken(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	hold := make(chan struct{})
	m.Paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Hold: hold})
	calls := m.Paxos.Calls(paxostest.TokenEndpoint)
	type result struct {
		resp *logical.Response
		err  error
	}
	done := make(chan result)
	go func() {
		resp, err := m.Do(logical.ReadOperation, "creds/mint", nil)
		done <- result{resp, err}
	}()
	backendtest.WaitUntil(t, func() bool { return m.Paxos.Calls(paxostest.TokenEndpoint) > calls })
	m.Must(logical.UpdateOperation, "roles/mint/rotate", nil)
	close(hold)
	got := <-done
	if got.err != nil || got.resp.IsError() {
		t.Fatalf("the reader that met a rotation got %v, %v; want the role as it is afterwards", got.resp, got.err)
	}
	live := m.Paxos.LiveTokens()
	if len(live) != 1 || live[0].Fingerprint != got.resp.Data["token_id"] {
		t.Errorf("alive at Paxos: %+v; want just the token that was handed out", live)
	}
}

func TestADisabledRoleIsForbidden(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"disabled": true})
	if status, text := m.Refused(logical.ReadOperation, "creds/mint", nil); status != 403 ||
		!strings.Contains(text, "disabled") {
		t.Errorf("%d %s", status, text)
	}
}
