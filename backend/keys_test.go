package backend_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// keyVersion is what a read of a key says of one of its versions.
func (m *mount) keyVersion(key string, number int) map[string]any {
	m.T.Helper()
	versions := m.Must(logical.ReadOperation, "keys/"+key, nil).Data["versions"].(map[string]any)
	v, ok := versions[fmt.Sprint(number)].(map[string]any)
	if !ok {
		m.T.Fatalf("key %s has no version %d: %v", key, number, versions)
	}
	return v
}

// TestAKeyIsMadeHereAndNeverShown creates keys of both types, and looks for their private parts in
// every answer.
func TestAKeyIsMadeHereAndNeverShown(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]string{"": "ecdsa-p256", "ed25519": "ed25519"} {
		m := newConfiguredMount(t)
		data := map[string]any{}
		if kind != "" {
			data["type"] = kind
		}
		m.Must(logical.UpdateOperation, "keys/payments", data)
		read := m.Must(logical.ReadOperation, "keys/payments", nil)
		if read.Data["type"] != want || read.Data["client_id"] != m.Client.ClientID ||
			fmt.Sprint(read.Data["signs_with"]) != "0" {
			t.Errorf("the key is %v", read.Data)
		}
		v := m.keyVersion("payments", 1)
		block, _ := pem.Decode([]byte(v["public_key"].(string)))
		if block == nil || v["state"] != "waiting" || read.Data["public_key"] != v["public_key"] {
			t.Fatalf("version 1 is %v", v)
		}
		if _, err := x509.ParsePKIXPublicKey(block.Bytes); err != nil {
			t.Error(err)
		}
		private := base64.StdEncoding.EncodeToString(m.privateKeys("payments")[0])
		rotated := m.Must(logical.UpdateOperation, "keys/payments/rotate", nil).Data
		if newest := m.Must(logical.ReadOperation, "keys/payments", nil).Data["public_key"]; newest == v["public_key"] ||
			newest != rotated["public_key"] {
			t.Errorf("public_key after a rotation is %v", newest)
		}
		answers, err := json.Marshal([]any{read.Data, rotated,
			m.Must(logical.UpdateOperation, "keys/payments/kid", map[string]any{"kid": "k1"}).Data})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(answers)+m.Log.String(), private[:32]) {
			t.Error("the private key is in an answer or in the log")
		}
	}
}

// privateKeys are the private keys of a key as they are stored, the oldest first. Retired versions have
// none.
func (m *mount) privateKeys(key string) (all [][]byte) {
	m.T.Helper()
	entry, err := m.Storage.Get(m.T.Context(), "keys/"+key)
	if err != nil {
		m.T.Fatal(err)
	}
	var stored struct {
		Versions []struct {
			Private []byte `json:"private"`
		} `json:"versions"`
	}
	if err := json.Unmarshal(entry.Value, &stored); err != nil {
		m.T.Fatal(err)
	}
	for _, v := range stored.Versions {
		if len(v.Private) > 0 {
			all = append(all, v.Private)
		}
	}
	return all
}

// TestARotationNeverStopsTheSigning adds versions and Key IDs in every order, and looks at which
// version signs.
func TestARotationNeverStopsTheSigning(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "keys/payments", map[string]any{"deletion_allowed": false})
	signs := func(want string) {
		t.Helper()
		if got := fmt.Sprint(m.Must(logical.ReadOperation, "keys/payments", nil).Data["signs_with"]); got != want {
			t.Errorf("version %s signs, want %s", got, want)
		}
	}
	signs("0")
	m.Must(logical.UpdateOperation, "keys/payments/kid", map[string]any{"kid": "one"})
	signs("1")
	m.Must(logical.UpdateOperation, "keys/payments/rotate", nil)
	signs("1")
	if status, text := m.Refused(logical.UpdateOperation, "keys/payments",
		map[string]any{"min_version": 2}); status != 400 ||
		!strings.Contains(text, "version 1, which signs") {
		t.Errorf("%d %s", status, text)
	}
	if status, text := m.Refused(logical.UpdateOperation, "keys/payments/kid",
		map[string]any{"kid": "one"}); status != 400 ||
		!strings.Contains(text, "already the Key ID of version 1") {
		t.Errorf("%d %s", status, text)
	}
	m.Must(logical.UpdateOperation, "keys/payments/kid", map[string]any{"kid": "two"})
	signs("2")
	removed := m.Must(logical.UpdateOperation, "keys/payments/kid", map[string]any{"kid": ""})
	if !strings.Contains(strings.Join(removed.Warnings, " "), "The Key ID was removed") {
		t.Errorf("the removal of a Key ID warns of %q", removed.Warnings)
	}
	signs("1")
	m.Must(logical.UpdateOperation, "keys/payments/kid", map[string]any{"kid": "two"})
	erased := m.privateKeys("payments")[0]
	m.Must(logical.UpdateOperation, "keys/payments", map[string]any{"min_version": 2})
	if v := m.keyVersion("payments", 1); v["state"] != "retired" ||
		v["kids"].(map[string]any)[m.Client.ClientID] != "one" {
		t.Errorf("version 1 is %v", v)
	}
	privates := m.privateKeys("payments")
	if len(privates) != 1 || strings.Contains(m.Stored(), base64.StdEncoding.EncodeToString(erased)) {
		t.Errorf("the private key of a retired version is still stored")
	}
	if status, text := m.Refused(logical.UpdateOperation, "keys/payments/kid",
		map[string]any{"kid": "again", "version": 1}); status != 400 || !strings.Contains(text, "retired") {
		t.Errorf("%d %s", status, text)
	}
}

// TestAKeyIDIsDiscoveredByThePublicKey lets Paxos's list show the public key of a version.
func TestAKeyIDIsDiscoveredByThePublicKey(t *testing.T) {
	t.Parallel()
	m := newListingMount(t)
	m.Must(logical.UpdateOperation, "keys/payments", nil)
	public := m.keyVersion("payments", 1)["public_key"].(string)
	show := func(active bool) {
		m.Paxos.FailAll(paxostest.ListCredentials, paxostest.Fault{Rewrite: func(reply map[string]any) {
			for _, item := range reply["items"].([]any) {
				item.(map[string]any)["client_public_keys"] = []any{
					map[string]any{"id": "id-of-key", "algorithm": "ES256", "public_key": public, "active": active}}
			}
		}})
	}
	show(false)
	if status, text := m.Refused(logical.UpdateOperation, "keys/payments/kid",
		map[string]any{"discover": true}); status != 400 ||
		!strings.Contains(text, "does not list the public key of version 1 as active") {
		t.Errorf("%d %s", status, text)
	}
	show(true)
	if got := m.Must(logical.UpdateOperation, "keys/payments/kid",
		map[string]any{"discover": true}).Data; got["kid"] != "id-of-key" ||
		got["state"] != "active" {
		t.Errorf("discovered %v", got)
	}
}

// TestDiscoveryNeedsARootThatMayList says so, and to write the Key ID by hand.
func TestDiscoveryNeedsARootThatMayList(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "keys/payments", nil)
	status, text := m.Refused(logical.UpdateOperation, "keys/payments/kid", map[string]any{"discover": true})
	if status != 400 || !strings.Contains(text, "lacks the scope api_creds:read_credentials") ||
		!strings.Contains(text, "kid=<Key ID>") {
		t.Errorf("%d %s", status, text)
	}
}

// TestKeysCallNobody does everything with keys by hand, and counts the calls to Paxos.
func TestKeysCallNobody(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	before := m.Paxos.TotalCalls()
	m.Must(logical.UpdateOperation, "keys/payments", map[string]any{"deletion_allowed": true})
	m.Must(logical.UpdateOperation, "keys/payments/kid", map[string]any{"kid": "one"})
	m.Must(logical.UpdateOperation, "keys/payments/kid", map[string]any{"kid": "of-another", "client_id": "another"})
	m.Must(logical.UpdateOperation, "keys/payments/rotate", nil)
	m.Must(logical.UpdateOperation, "keys/payments/kid", map[string]any{"kid": "two"})
	m.Must(logical.UpdateOperation, "keys/payments", map[string]any{"min_version": 2})
	m.Must(logical.ReadOperation, "keys/payments", nil)
	m.Must(logical.ListOperation, "keys/", nil)
	m.Must(logical.DeleteOperation, "keys/payments", nil)
	if calls := m.Paxos.TotalCalls() - before; calls != 0 {
		t.Errorf("%d calls were made", calls)
	}
}

// TestAKeyIDIsOfOneKeyOnly writes the Key ID of one key to another: for the same client it is refused, for
// another client it is that client's own affair.
func TestAKeyIDIsOfOneKeyOnly(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "keys/one", nil)
	m.Must(logical.UpdateOperation, "keys/two", nil)
	m.Must(logical.UpdateOperation, "keys/one/kid", map[string]any{"kid": "k1"})
	if status, text := m.Refused(logical.UpdateOperation, "keys/two/kid", map[string]any{"kid": "k1"}); status != 400 ||
		!strings.Contains(text, `already the Key ID of version 1 of key "one"`) {
		t.Errorf("%d %s", status, text)
	}
	m.Must(logical.UpdateOperation, "keys/two/kid", map[string]any{"kid": "k1", "client_id": "another"})
	m.Must(logical.UpdateOperation, "keys/one/kid", map[string]any{"kid": ""})
	m.Must(logical.UpdateOperation, "keys/two/kid", map[string]any{"kid": "k1"})
}

// TestAKeyWithoutAKeyIDSaysWhatToDo signs with a key that waits for its Key ID.
func TestAKeyWithoutAKeyIDSaysWhatToDo(t *testing.T) {
	t.Parallel()
	m := newSigningMount(t, nil)
	m.Must(logical.UpdateOperation, "keys/payments/kid", map[string]any{"kid": ""})
	m.Must(logical.UpdateOperation, "keys/payments/rotate", nil)
	status, text := m.unsigned(map[string]any{"body": withdrawal("ref-1", "1")})
	for _, says := range []string{"has no Key ID", "register the public key of version 2 in the Dashboard",
		"keys/payments/kid kid="} {
		if status != 400 || !strings.Contains(text, says) {
			t.Errorf("%d %s; want %q", status, text, says)
		}
	}
}

// TestKeysAreListedInPages lists keys with after and limit, and tries what keys do not offer.
func TestKeysAreListedInPages(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	for _, key := range []string{"a", "b", "c", "d"} {
		m.Must(logical.UpdateOperation, "keys/"+key, nil)
	}
	for want, data := range map[string]map[string]any{
		"[a b c d]": nil, "[b c]": {"after": "a", "limit": 2}, "[d]": {"after": "c"}, "[a]": {"limit": 1},
	} {
		if got := fmt.Sprint(m.Must(logical.ListOperation, "keys/", data).Data["keys"]); got != want {
			t.Errorf("%v lists %s, want %s", data, got, want)
		}
	}
	if resp, err := m.Do(logical.PatchOperation, "keys/a", map[string]any{"deletion_allowed": true}); err == nil {
		t.Errorf("a PATCH answers %v", resp)
	}
}

// TestWhatForbidsADeletionOfAKey deletes keys and clients that are in use.
func TestWhatForbidsADeletionOfAKey(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	data := m.dashboard("team", backendtest.RootScopes)
	data["purpose"], data["scopes"] = "mint", "funding:read_profile"
	m.Must(logical.UpdateOperation, "clients/team", data)
	m.Must(logical.UpdateOperation, "keys/team", map[string]any{"client": "team"})
	for path, says := range map[string]string{"clients/team": `key "team" signs`, "keys/team": "deletion_allowed"} {
		if status, text := m.Refused(logical.DeleteOperation, path, nil); status != 400 ||
			!strings.Contains(text, says) {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	m.Must(logical.UpdateOperation, "keys/team", map[string]any{"deletion_allowed": true})
	m.Must(logical.DeleteOperation, "keys/team", nil)
	m.Must(logical.DeleteOperation, "clients/team", nil)
	if resp, err := m.Do(logical.ReadOperation, "keys/team", nil); err != nil || resp != nil {
		t.Errorf("the key is %v, %v", resp, err)
	}
}

// TestBadInputOfKeys checks that each refusal names the parameter.
func TestBadInputOfKeys(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "keys/k", nil)
	for _, test := range []struct {
		path string
		data map[string]any
		says string
	}{
		{"keys/k2", map[string]any{"type": "rsa"}, "type must be"},
		{"keys/k2", map[string]any{"client": "a/b"}, "client must be"},
		{"keys/k", map[string]any{"type": "ed25519"}, "type and client"},
		{"keys/k", map[string]any{"min_version": -1}, "min_version"},
		{"keys/k", map[string]any{"min_version": 2}, "min_version"},
		{"keys/k/kid", nil, "kid or discover"},
		{"keys/k/kid", map[string]any{"kid": "a", "discover": true}, "kid or discover"},
		{"keys/k/kid", map[string]any{"kid": "a b"}, "kid must be"},
		{"keys/k/kid", map[string]any{"kid": strings.Repeat("a", 129)}, "kid must be"},
		{"keys/k/kid", map[string]any{"kid": "a", "version": 7}, "version must be"},
		{"keys/k/kid", map[string]any{"kid": "a", "client_id": "a b"}, "client_id must be"},
		{"keys/none/kid", map[string]any{"kid": "a"}, `Key "none" does not exist`},
		{"keys/none/rotate", nil, `Key "none" does not exist`},
	} {
		if status, text := m.Refused(logical.UpdateOperation, test.path, test.data); status != 400 ||
			!strings.Contains(text, test.says) {
			t.Errorf("%s %v: %d %s; want %q", test.path, test.data, status, text, test.says)
		}
	}
}
