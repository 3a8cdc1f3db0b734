package backend_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// demandsKey is what every refusal of a call without a signature says.
const demandsKey = "it requires a signature, and the client has no signing key with a Key ID; create a key under keys/"

// enforce has Paxos demand a signature of every call of these clients.
func (m *mount) enforce(status int, clientIDs ...string) {
	m.T.Helper()
	for _, id := range clientIDs {
		m.EditClient(id, func(c *paxostest.Credential) { c.EnforceRequestSigning = true })
	}
	if err := m.Paxos.EnforceSignatures(paxostest.Enforcement{Credentials: true, Status: status}); err != nil {
		m.T.Fatal(err)
	}
}

// register registers a version of a key for a client in the Dashboard, writes its Key ID here, and
// returns it.
func (m *mount) register(key string, version int, clientID string) (keyID string) {
	m.T.Helper()
	added, err := m.Paxos.RegisterPublicKey(clientID, key, m.keyVersion(key, version)["public_key"].(string))
	if err != nil {
		m.T.Fatal(err)
	}
	m.Must(logical.UpdateOperation, "keys/"+key+"/kid",
		map[string]any{"version": version, "kid": added.ID, "client_id": clientID})
	return added.ID
}

// TestACallIsSignedWhereItsClientHasAKey makes each call of the engine to a Paxos that demands
// signatures: first without a key, then with one.
func TestACallIsSignedWhereItsClientHasAKey(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(m *mount) (works bool, says string){
		"listing": func(m *mount) (bool, string) {
			m.Clock.Advance(time.Minute)
			resp, err := m.Do(logical.ReadOperation, "report/drift", map[string]any{"refresh": true})
			return err == nil && !resp.IsError(), m.said(resp, err)
		},
		"asking after a token": func(m *mount) (bool, string) {
			m.Clock.Advance(time.Minute)
			said := warned(m.Must(logical.UpdateOperation, "token/mint",
				rejecting(m.Must(logical.ReadOperation, "token/mint", nil))))
			return strings.Contains(said, "Paxos accepted the token with token_id"), said
		},
		"probe": func(m *mount) (bool, string) {
			m.Clock.Advance(10 * time.Minute)
			found := m.Must(logical.UpdateOperation, "probe", nil).Data
			return found["revocation_ends_token"] == "yes" && found["root_is_listed"] == "yes",
				fmt.Sprint(found["problems"])
		},
		"discovery of a Key ID": func(m *mount) (bool, string) {
			m.Must(logical.UpdateOperation, "keys/other", map[string]any{"type": "ed25519", "deletion_allowed": true})
			_, err := m.Paxos.RegisterPublicKey(m.Client.ClientID, "other",
				m.keyVersion("other", 1)["public_key"].(string))
			resp, asked := m.Do(logical.UpdateOperation, "keys/other/kid", map[string]any{"discover": true})
			m.Must(logical.DeleteOperation, "keys/other", nil)
			return err == nil && asked == nil && !resp.IsError(), m.said(resp, asked)
		},
	} {
		for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
			t.Run(fmt.Sprint(name, " ", status), func(t *testing.T) {
				t.Parallel()
				m := newListingMount(t)
				m.enforce(status, m.Client.ClientID)
				if works, says := call(m); works || !strings.Contains(says, demandsKey) {
					t.Errorf("without a key: works %v, says %q", works, says)
				}
				m.Must(logical.UpdateOperation, "keys/root", nil)
				if works, says := call(m); works || !strings.Contains(says, demandsKey) {
					t.Errorf("with a key that waits for its Key ID: works %v, says %q", works, says)
				}
				m.register("root", 1, m.Client.ClientID)
				if works, says := call(m); !works {
					t.Errorf("with a key: it says %q", says)
				}
			})
		}
	}
}

// said is the text of a refusal.
func (m *mount) said(resp *logical.Response, err error) string {
	if err != nil {
		return err.Error()
	}
	if resp != nil && resp.IsError() {
		return resp.Error().Error()
	}
	return ""
}

// TestADeletionIsSigned ends a lease of a client that is deleted then. Without a key the client
// waits, and is deleted as soon as there is one.
func TestADeletionIsSigned(t *testing.T) {
	t.Parallel()
	for name, demanded := range map[string]paxostest.Enforcement{
		"of the whole client": {Credentials: true},
		"of deletions only":   {Operations: []string{"DeleteApiCredentials"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newPool(t, 1, erase)
			m.enforce(0, m.Client.ClientID)
			if err := m.Paxos.EnforceSignatures(demanded); err != nil {
				t.Fatal(err)
			}
			lease := m.leased("e1")
			id := lease.Data["client_id"].(string)
			m.end(lease)
			if _, err := m.Do(logical.RollbackOperation, "", nil); err == nil || !strings.Contains(err.Error(), demandsKey) {
				t.Errorf("without a key the periodic work says %v", err)
			}
			if state := m.state("c0"); state == "gone" || state == "quarantined" || m.atPaxos(id) != "APPROVED" {
				t.Errorf("without a key the client is %s here and %s at Paxos", state, m.atPaxos(id))
			}
			m.Must(logical.UpdateOperation, "keys/root", nil)
			m.register("root", 1, m.Client.ClientID)
			m.Clock.Advance(10 * time.Minute)
			m.settled()
			if state := m.state("c0"); state != "gone" || m.atPaxos(id) == "APPROVED" {
				t.Errorf("with a key the client is %s here and %s at Paxos", state, m.atPaxos(id))
			}
		})
	}
}

// TestTheEntityOfAClientIsAskedWithItsOwnKey stores clients of which Paxos demands signatures. The
// key is made before the client is stored.
func TestTheEntityOfAClientIsAskedWithItsOwnKey(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "keys/team", map[string]any{"client": "team"})
	data := m.dashboard("team", []string{"funding:read_profile"})
	data["purpose"], data["scopes"] = "mint", "funding:read_profile"
	id := data["client_id"].(string)
	m.enforce(0, id)
	resp := m.Must(logical.UpdateOperation, "clients/team", data)
	if !strings.Contains(warned(resp), "which Entity this client belongs to") ||
		!strings.Contains(warned(resp), demandsKey) ||
		!strings.Contains(warned(resp), `client "team"`) {
		t.Errorf("without a key the warning is %q", warned(resp))
	}
	m.Must(logical.UpdateOperation, "keys/team", map[string]any{"deletion_allowed": true})
	m.Must(logical.DeleteOperation, "keys/team", nil)
	m.Must(logical.DeleteOperation, "clients/team", nil)
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"allow_unchecked_clients": false})
	if status, text := m.Refused(logical.UpdateOperation, "clients/team", data); status != 400 ||
		!strings.Contains(text, demandsKey) {
		t.Errorf("where the guardrails want the Entity: %d %s", status, text)
	}
	m.Must(logical.UpdateOperation, "keys/team", map[string]any{"client": "team"})
	m.register("team", 1, id)
	if resp := m.Must(logical.UpdateOperation, "clients/team", data); strings.Contains(warned(resp), "could not") {
		t.Errorf("with a key the warning is %q", warned(resp))
	}
}

// TestTheNewestVersionSignsTheCalls rotates the key, retires the old version, takes Key IDs away
// and deletes the key, and lists in between. Paxos accepts only the key that should be used.
func TestTheNewestVersionSignsTheCalls(t *testing.T) {
	t.Parallel()
	m := newListingMount(t)
	m.enforce(0, m.Client.ClientID)
	m.Must(logical.UpdateOperation, "keys/root", map[string]any{"deletion_allowed": true})
	first := m.register("root", 1, m.Client.ClientID)
	m.compare()
	m.Must(logical.UpdateOperation, "keys/root/rotate", nil)
	m.compare() // version 2 waits for its Key ID
	second := m.register("root", 2, m.Client.ClientID)
	if err := m.Paxos.DeactivatePublicKey(m.Client.ClientID, first); err != nil {
		t.Fatal(err)
	}
	m.compare()
	m.Must(logical.UpdateOperation, "keys/root", map[string]any{"min_version": 2})
	m.compare()
	m.Restart()
	m.compare()
	refresh := func() string {
		m.Clock.Advance(time.Minute)
		_, text := m.Refused(logical.ReadOperation, "report/drift", map[string]any{"refresh": true})
		return text
	}
	if err := m.Paxos.DeactivatePublicKey(m.Client.ClientID, second); err != nil {
		t.Fatal(err)
	}
	if text := refresh(); !strings.Contains(text, "does not accept the signature") ||
		!strings.Contains(text, "is active and has this Key ID") {
		t.Errorf("with a key that is not active at Paxos: %s", text)
	}
	m.Must(logical.UpdateOperation, "keys/root/kid", map[string]any{"kid": ""})
	if text := refresh(); !strings.Contains(text, demandsKey) {
		t.Errorf("with a retired version only: %s", text)
	}
	m.Must(logical.DeleteOperation, "keys/root", nil)
	if text := refresh(); !strings.Contains(text, demandsKey) {
		t.Errorf("without the key: %s", text)
	}
}

// TestACallOfTheReplacedRootIsSignedWithItsKey asks after a token of the root that was replaced:
// the key's Key ID for that client signs, not the one for the new root.
func TestACallOfTheReplacedRootIsSignedWithItsKey(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "keys/root", nil)
	m.register("root", 1, m.Client.ClientID)
	issued := m.Must(logical.ReadOperation, "token/mint", nil)
	id, secret := m.another(backendtest.RootScopes...)
	m.register("root", 1, id)
	m.Must(logical.UpdateOperation, "config/replace-root", map[string]any{"client_id": id, "client_secret": secret})
	m.enforce(0, m.Client.ClientID, id)
	if said := warned(m.Must(logical.UpdateOperation, "token/mint", rejecting(issued))); !strings.Contains(said,
		"Paxos accepted the token") {
		t.Errorf("of a token of the old root: %q", said)
	}
	m.Must(logical.UpdateOperation, "roles/mint/rotate", nil)
	fresh := m.Must(logical.ReadOperation, "token/mint", nil)
	if fresh.Data["client_id"] != id {
		t.Fatalf("the new root did not request the token: %v", fresh.Data["client_id"])
	}
	if said := warned(m.Must(logical.UpdateOperation, "token/mint", rejecting(fresh))); !strings.Contains(said,
		"Paxos accepted the token") {
		t.Errorf("of a token of the new root: %q", said)
	}
}

// TestACallIsNotMadeHalf has keys that cannot be read: a call that one of them may have to sign is
// not sent without a signature.
func TestACallIsNotMadeHalf(t *testing.T) {
	t.Parallel()
	m := newListingMount(t)
	m.Must(logical.UpdateOperation, "keys/root", nil)
	m.register("root", 1, m.Client.ClientID)
	if err := m.Storage.Put(t.Context(),
		&logical.StorageEntry{Key: "keys/zz", Value: []byte(`{"schema":99}`)}); err != nil {
		t.Fatal(err)
	}
	m.Restart()
	m.compare() // the key of the root can be read
	if err := m.Storage.Put(t.Context(),
		&logical.StorageEntry{Key: "keys/root", Value: []byte(`{`)}); err != nil {
		t.Fatal(err)
	}
	m.Restart()
	m.Clock.Advance(time.Minute)
	before := m.Paxos.Calls(paxostest.ListCredentials)
	_, text := m.Refused(logical.ReadOperation, "report/drift", map[string]any{"refresh": true})
	if !strings.Contains(text, "could not be signed") || !strings.Contains(text, "cannot be read") {
		t.Errorf("with a key that cannot be read: %s", text)
	}
	if calls := m.Paxos.Calls(paxostest.ListCredentials) - before; calls != 0 {
		t.Errorf("%d calls were sent", calls)
	}
}

// TestSigningACallReadsNoStorage asks after a token with and without a key, and counts the
// operations of storage.
func TestSigningACallReadsNoStorage(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	issued := m.Must(logical.ReadOperation, "token/mint", nil)
	ask := func() int64 {
		m.Clock.Advance(time.Minute)
		before := m.Storage.Operations.Load()
		m.Must(logical.UpdateOperation, "token/mint", rejecting(issued))
		return m.Storage.Operations.Load() - before
	}
	ask()
	unsigned := ask()
	m.Must(logical.UpdateOperation, "keys/root", nil)
	m.register("root", 1, m.Client.ClientID)
	m.enforce(0, m.Client.ClientID)
	ask() // it reads which keys there are
	if signed := ask(); signed != unsigned {
		t.Errorf("%d operations with a key, %d without", signed, unsigned)
	}
}
