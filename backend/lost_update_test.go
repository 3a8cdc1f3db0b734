package backend_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// A slowWrite waits for Paxos between what it reads and what it stores.
type slowWrite struct {
	endpoint paxostest.Endpoint // where it waits
	prepare  func(m *mount) (logical.Operation, string, map[string]any)
	needs    []string // the entries that it is about: if one of them is made again meanwhile, it is refused
	removes  string   // the entry that it deletes when it succeeds
}

// A fastWrite comes meanwhile.
type fastWrite struct {
	do     func(m *mount)
	remade []string // the entries that it deletes and makes again
}

// slowWrites are all those that call Paxos.
func slowWrites() map[string]slowWrite {
	update := func(path string,
		data func(m *mount) map[string]any) func(m *mount) (logical.Operation, string, map[string]any) {
		return func(m *mount) (logical.Operation, string, map[string]any) {
			return logical.UpdateOperation, path, data(m)
		}
	}
	rotated := func(path string) func(m *mount) map[string]any {
		return func(m *mount) map[string]any { return map[string]any{"client_secret": m.newSecretOf(path)} }
	}
	root, client := []string{"root", "config"}, []string{"clients/k"}
	return map[string]slowWrite{
		"config with a secret": {paxostest.TokenEndpoint, update("config", rotated("config")), root, ""},
		"config/rotate-root":   {paxostest.TokenEndpoint, update("config/rotate-root", rotated("config")), root, ""},
		"config/replace-root": {paxostest.TokenEndpoint,
			update("config/replace-root", func(m *mount) map[string]any {
				return m.dashboard("vault-next", backendtest.RootScopes)
			}), root, ""},
		"replace-root client=s1": {paxostest.TokenEndpoint,
			update("config/replace-root", func(*mount) map[string]any {
				return map[string]any{"client": "s1"}
			}), append(root, "clients/s1"), "clients/s1"},
		"config/promote-standby": {paxostest.TokenEndpoint,
			update("config/promote-standby", func(*mount) map[string]any {
				return nil
			}), append(root, "clients/s1"), "clients/s1"},
		"a client is stored": {paxostest.TokenEndpoint, update("clients/new", func(m *mount) map[string]any {
			data := m.dashboard("vault-new", backendtest.RootScopes)
			data["purpose"], data["scopes"] = "mint", leasedScope
			return data
		}), []string{"clients/new"}, ""},
		"scopes of a client": {paxostest.TokenEndpoint, update("clients/k", func(*mount) map[string]any {
			return map[string]any{"scopes": leasedScope + ",funding:read_profile,events:read_event"}
		}), client, ""},
		"clients/k/rotate": {paxostest.TokenEndpoint, update("clients/k/rotate", rotated("clients/k")), client, ""},
		"a list without all": {paxostest.ListCredentials, func(m *mount) (logical.Operation, string, map[string]any) {
			m.Paxos.FailAll(paxostest.ListCredentials, onlyThe(m.Client.ClientID))
			return logical.ReadOperation, "report/drift", map[string]any{"refresh": true}
		}, nil, ""},
		"a deletion at Paxos": {paxostest.DeleteCredentials,
			func(m *mount) (logical.Operation, string, map[string]any) {
				m.Paxos.FailAll(paxostest.ListCredentials, paxostest.Fault{Status: 503})
				m.end(m.leased("e1"))
				m.Tick()
				m.Paxos.Heal()
				return logical.RollbackOperation, "", nil
			}, nil, "clients/c0"},
	}
}

// fastWrites are all that change what the slow ones have read.
func fastWrites() map[string]fastWrite {
	write := func(operation logical.Operation, path string, data map[string]any) fastWrite {
		return fastWrite{do: func(m *mount) { m.Must(operation, path, data) }}
	}
	patch := func(path string, data map[string]any) fastWrite { return write(logical.PatchOperation, path, data) }
	remake := func(path string, purpose string) fastWrite {
		return fastWrite{func(m *mount) {
			m.Must(logical.DeleteOperation, path, map[string]any{"force": true})
			data := m.dashboard("vault-remade", backendtest.RootScopes)
			data["purpose"], data["scopes"], data["label"] = purpose, leasedScope+",funding:read_profile", "remade"
			m.Must(logical.UpdateOperation, path, data)
		}, []string{path}}
	}
	all := map[string]fastWrite{
		"nothing of the same": patch("config/guardrails", map[string]any{"max_ttl": "301h"}),
		"config's limits": patch("config",
			map[string]any{"refresh_at": 0.5, "credential_max_age": "24h", "api_rate": 7}),
		"guardrails": patch("config/guardrails",
			map[string]any{"deletable_label_prefix": "vault", "max_ttl": "300h"}),
		"a role": patch("roles/vendor",
			map[string]any{"max_leases_per_entity": 4, "metadata": map[string]any{"a": "b"}}),
		"another standby": remake("clients/s9", "standby"),
		"config made new": {remakeConfig, []string{"config", "root"}},
		"a role made new": {func(m *mount) {
			m.Must(logical.DeleteOperation, "roles/team", nil)
			m.Must(logical.UpdateOperation, "roles/team", map[string]any{"scopes": leasedScope, "client": "k"})
		}, nil},
		"the root rotated": {func(m *mount) {
			m.Must(logical.UpdateOperation, "config/rotate-root",
				map[string]any{"client_secret": m.newSecretOf("config")})
		}, []string{"root"}},
		"k rotated": {func(m *mount) {
			m.Must(logical.UpdateOperation, "clients/k/rotate",
				map[string]any{"client_secret": m.newSecretOf("clients/k")})
		}, []string{"clients/k"}},
		"k made new":  remake("clients/k", "mint"),
		"s1 made new": remake("clients/s1", "standby"),
		"new made first": {func(m *mount) {
			data := m.dashboard("vault-first", backendtest.RootScopes)
			data["purpose"], data["scopes"] = "mint", leasedScope
			m.Must(logical.UpdateOperation, "clients/new", data)
		}, []string{"clients/new"}},
	}
	for _, name := range []string{"k", "s1"} {
		all[name+" disabled"] = patch("clients/"+name,
			map[string]any{"disabled": true, "allowed_roles": "nobody", "label": "by somebody else",
				"metadata": map[string]any{"x": "y"}})
		all[name+" narrowed"] = patch("clients/"+name,
			map[string]any{"scopes": "funding:read_profile", "verify_connection": false})
	}
	return all
}

// remakeConfig deletes config with its root and makes both again, with another client.
func remakeConfig(m *mount) {
	m.Must(logical.DeleteOperation, "config", map[string]any{"force": true})
	data := m.dashboard("vault-root",
		append(backendtest.RootScopes, "api_creds:read_credentials", "api_creds:delete_credentials"))
	data["environment"], data["refresh_at"] = "custom", 0.6
	m.Must(logical.UpdateOperation, "config", data)
}

// onlyThe leaves one credential in the list: one that was made after Paxos was asked is not in it
// either.
func onlyThe(clientID string) paxostest.Fault {
	return items(func(list []any) []any {
		return slices.DeleteFunc(list, func(item any) bool { return item.(map[string]any)["client_id"] != clientID })
	})
}

// TestAFirstSecretGoesToNoOtherConfig deletes and makes again the config of a mount that has no
// root yet, while its first secret is being verified.
func TestAFirstSecretGoesToNoOtherConfig(t *testing.T) {
	t.Parallel()
	for _, door := range []string{"config", "config/rotate-root"} {
		m := newMount(t)
		m.Must(logical.UpdateOperation, "config/connection", m.Connection())
		m.Must(logical.UpdateOperation, "config", map[string]any{"environment": "custom"})
		hold := make(chan struct{})
		m.Paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Hold: hold})
		done := make(chan string)
		go func() {
			resp, err := m.Do(logical.UpdateOperation, door,
				map[string]any{"client_id": m.Client.ClientID, "client_secret": m.Secret})
			if err == nil && resp.IsError() {
				err = resp.Error()
			}
			done <- fmt.Sprint(err)
		}()
		backendtest.WaitUntil(t, func() bool { return m.Paxos.Calls(paxostest.TokenEndpoint) > 0 })
		m.Must(logical.DeleteOperation, "config", map[string]any{"force": true})
		m.Must(logical.UpdateOperation, "config", map[string]any{"environment": "custom", "refresh_at": 0.5})
		before := m.settings()
		close(hold)
		if text := <-done; !strings.Contains(text, "config was deleted or created again") {
			t.Errorf("%s: %s", door, text)
		}
		if m.settings() != before {
			t.Errorf("%s: storage was\n%s\nand is\n%s", door, before, m.settings())
		}
	}
}

// dashboard makes a client at Paxos, and the parameters that name it.
func (m *mount) dashboard(label string, scopes []string) map[string]any {
	m.T.Helper()
	made, secret, err := m.Paxos.CreateCredential(paxostest.Credential{Nickname: label, Scopes: scopes})
	if err != nil {
		m.T.Fatal(err)
	}
	return map[string]any{"client_id": made.ClientID, "client_secret": secret}
}

// newSecretOf rotates the client of a path in the Dashboard.
func (m *mount) newSecretOf(path string) string {
	m.T.Helper()
	secret, err := m.Paxos.RotateCredential(fmt.Sprint(m.Must(logical.ReadOperation, path, nil).Data["client_id"]))
	if err != nil {
		m.T.Fatal(err)
	}
	return secret
}

// fieldsOf are the fields of every stored setting, as "key field" → value.
func (m *mount) fieldsOf() map[string]any {
	m.T.Helper()
	all := map[string]any{}
	for line := range strings.Lines(m.settings()) {
		key, value, _ := strings.Cut(line, "=")
		var entry map[string]any
		if err := json.Unmarshal([]byte(value), &entry); err != nil {
			m.T.Fatal(line, err)
		}
		for field, value := range entry {
			switch generations, _ := value.([]any); {
			case field == "scopes_since": // when, not what
			case field == "generations": // older ones are dropped when their last token has ended
				all[key+" "+field] = generations[len(generations)-1]
			default:
				all[key+" "+field] = value
			}
		}
	}
	return all
}

// TestNoUpdateIsLost plays every write against every slow one that began before it and ends after
// it. What the fast one has changed stays as it changed it; and a slow one whose entry was made
// again or given another secret meanwhile is refused and stores nothing.
func TestNoUpdateIsLost(t *testing.T) {
	t.Parallel()
	for slowName, slow := range slowWrites() {
		for fastName, fast := range fastWrites() {
			t.Run(slowName+" and "+fastName, func(t *testing.T) {
				t.Parallel()
				playBoth(t, slow, fast)
			})
		}
	}
}

// newBusyMount has one client of each purpose and roles that use them.
func newBusyMount(t *testing.T) *mount {
	t.Helper()
	m := newInProcessMount(t)
	m.fillPool(1, erase)
	data := m.dashboard("vault-k", backendtest.RootScopes)
	data["purpose"], data["scopes"], data["allowed_roles"] = "mint", leasedScope+",funding:read_profile", "*"
	m.Must(logical.UpdateOperation, "clients/k", data)
	m.Must(logical.UpdateOperation, "roles/team", map[string]any{"scopes": leasedScope, "client": "k"})
	m.standby("s1", backendtest.RootScopes, nil)
	m.Clock.Advance(3 * 60e9)
	return m
}

func playBoth(t *testing.T, slow slowWrite, fast fastWrite) {
	m := newBusyMount(t)
	operation, path, data := slow.prepare(m)
	hold := make(chan struct{})
	fault := paxostest.Fault{Hold: hold}
	if slow.endpoint == paxostest.ListCredentials {
		m.Clock.Advance(60e9)
		fault.Rewrite = onlyThe(m.Client.ClientID).Rewrite
	}
	m.Paxos.FailNext(slow.endpoint, fault)
	calls := m.Paxos.Calls(slow.endpoint)
	done := make(chan error, 1)
	go func() {
		if operation == logical.RollbackOperation {
			m.Tick()
			done <- nil
			return
		}
		resp, err := m.Do(operation, path, data)
		if err == nil && resp.IsError() {
			err = resp.Error()
		}
		done <- err
	}()
	backendtest.WaitUntil(t, func() bool { return m.Paxos.Calls(slow.endpoint) > calls })
	before := m.fieldsOf()
	fast.do(m)
	between := m.fieldsOf()
	close(hold)
	err := <-done
	after := m.fieldsOf()
	touched, refused := false, false
	for _, entry := range fast.remade {
		for _, needed := range slow.needs {
			refused = refused || entry == needed
		}
	}
	if slow.needs != nil && !refused && err != nil && !strings.Contains(err.Error(), "changed by somebody else") {
		t.Errorf("the slow write was refused: %v", err)
	}
	if refused && err == nil {
		t.Error("the entry was made again meanwhile, and the slow write was stored")
	}
	if refused && !reflect.DeepEqual(between, after) {
		t.Errorf("the slow write was refused (%v), and storage was\n%v\nand is\n%v", err, between, after)
	}
	for field, value := range between {
		if reflect.DeepEqual(before[field], value) {
			continue
		}
		touched = true
		key, _, _ := strings.Cut(field, " ")
		now, stored := after[field]
		if !stored && key == slow.removes && err == nil && !strings.HasSuffix(field, " disabled") {
			continue // that is what it is for
		}
		if !reflect.DeepEqual(now, value) {
			t.Errorf("%s was changed to %v meanwhile, and is %v (the slow write: %v)", field, value, now, err)
		}
	}
	if !touched {
		t.Error("the fast write changed nothing")
	}
}

// TestGenerationsAreNotNumberedAnew deletes the root, whose tokens go on, and stores the same
// client again.
func TestGenerationsAreNotNumberedAnew(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	lease := m.Must(logical.ReadOperation, "creds/mint", nil)
	m.Paxos.FailAll(paxostest.Revoke, paxostest.Fault{Status: 503})
	m.Must(logical.DeleteOperation, "config", map[string]any{"force": true})
	m.Paxos.Heal()
	m.Restart()
	m.Configure()
	if got := m.Must(logical.ReadOperation, "config", nil).Data["generation"]; got != float64(2) {
		t.Errorf("while a token of generation 1 is valid, the same client stored again is generation %v", got)
	}
	m.Tick()
	if m.Paxos.Alive(backendtest.Token(lease)) {
		t.Error("the token of the deleted root is not revoked by the same client")
	}
	// A refused secret is remembered by its generation, in memory only.
	m.Must(logical.DeleteOperation, "config", map[string]any{"force": true})
	m.Must(logical.UpdateOperation, "config",
		map[string]any{"environment": "custom", "client_id": m.Client.ClientID, "client_secret": "wrong",
			"verify_connection": false})
	m.Refused(logical.ReadOperation, "token/mint", nil)
	m.Must(logical.DeleteOperation, "config", map[string]any{"force": true})
	m.Configure()
	m.Must(logical.ReadOperation, "token/mint", nil)
}
