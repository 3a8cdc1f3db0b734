package backend_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// warnings are the lines of the log at WARN that have this text.
func (m *mount) warnings(text string) (lines []map[string]any) {
	m.T.Helper()
	for line := range strings.Lines(m.Log.String()) {
		var entry map[string]any
		if json.Unmarshal([]byte(line), &entry) == nil && entry["@level"] == "warn" && entry["@message"] == text {
			lines = append(lines, entry)
		}
	}
	return lines
}

// told fails the test unless there are so many lines, and returns the last.
func (m *mount) told(number int, text string) map[string]any {
	m.T.Helper()
	lines := m.warnings(text)
	if len(lines) != number {
		m.T.Fatalf("%q was logged %d times, want %d: %v", text, len(lines), number, lines)
	}
	if number == 0 {
		return nil
	}
	last := lines[number-1]
	if last["mount_uuid"] != "test-mount" {
		m.T.Errorf("the line does not name its mount: %v", last)
	}
	return last
}

// The lines of the tests.
const (
	beginToFail  = "token requests of a client fail"
	succeedAgain = "token requests of a client succeed again"
	rejects      = "Paxos rejects the credentials of a client"
	acceptsAgain = "Paxos accepts the credentials of a client again"
	refusesScope = "Paxos refuses scopes of a role"
	grantsAgain  = "Paxos grants the scopes of a role again"
	noBelief     = "ignoring the list of credentials from Paxos, because it is malformed, incomplete or of another Entity"
	beliefAgain  = "the list of credentials from Paxos is usable again"
)

func TestTheLogTellsWhenRequestsBeginToFailAndSucceedAgain(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"unique_tokens": true, "mint_limit": 300})
	m.Must(logical.ReadOperation, "creds/mint", nil)
	m.told(0, succeedAgain)
	m.Paxos.FailAll(paxostest.TokenEndpoint, paxostest.Fault{Status: 503})
	for range 5 {
		m.Refused(logical.ReadOperation, "creds/mint", nil)
	}
	line := m.told(1, beginToFail)
	if line["client"] != "root" || line["client_id"] != m.Client.ClientID ||
		!strings.Contains(fmt.Sprint(line["error"]), "503") {
		t.Errorf("the line is %v", line)
	}
	m.Clock.Advance(2 * time.Minute)
	m.Refused(logical.ReadOperation, "creds/mint", nil)
	m.told(1, beginToFail) // nothing has changed
	m.Paxos.Heal()
	m.Must(logical.ReadOperation, "creds/mint", nil)
	m.told(1, succeedAgain)
	for range 3 { // within the minute, back and forth
		m.Paxos.FailAll(paxostest.TokenEndpoint, paxostest.Fault{Status: 503})
		m.Refused(logical.ReadOperation, "creds/mint", nil)
		m.Paxos.Heal()
		m.Must(logical.ReadOperation, "creds/mint", nil)
	}
	m.Paxos.FailAll(paxostest.TokenEndpoint, paxostest.Fault{Status: 503})
	m.Refused(logical.ReadOperation, "creds/mint", nil)
	m.told(1, beginToFail)
	m.told(1, succeedAgain)
	m.Clock.Advance(time.Minute)
	m.Tick() // nobody reads
	if line := m.told(2, beginToFail); line["changes_held_back"] != float64(6) {
		t.Errorf("the line is %v, want 6 changes held back", line)
	}
	m.told(1, succeedAgain)
	if strings.Contains(m.Log.String(), m.Secret) {
		t.Error("the log holds the secret")
	}
}

func TestTheLogTellsWhoseSecretIsRefused(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	id := m.storeTeam()
	secret, err := m.Paxos.RotateCredential(id)
	if err != nil {
		t.Fatal(err)
	}
	m.Refused(logical.ReadOperation, "token/team", nil)
	m.Must(logical.ReadOperation, "token/mint", nil)
	if line := m.told(1, rejects); line["client"] != "team" || line["client_id"] != id || line["auth_style"] != "post" {
		t.Errorf("the line is %v", line)
	}
	m.told(0, beginToFail)
	m.Clock.Advance(time.Minute)
	m.Must(logical.UpdateOperation, "clients/team/rotate", map[string]any{"client_secret": secret})
	m.Must(logical.ReadOperation, "token/team", nil)
	m.told(1, acceptsAgain)
	m.EditClient(id, func(c *paxostest.Credential) { c.Scopes = []string{"transfer:read_transfer"} })
	m.Must(logical.UpdateOperation, "roles/team/rotate", nil)
	m.Refused(logical.ReadOperation, "token/team", nil)
	if line := m.told(1, refusesScope); line["role"] != "team" || line["client"] != "team" ||
		fmt.Sprint(line["scopes"]) != "["+teamScope+"]" {
		t.Errorf("the line is %v", line)
	}
	m.EditClient(id, func(c *paxostest.Credential) { c.Scopes = []string{teamScope} })
	m.Clock.Advance(time.Minute)
	m.Must(logical.ReadOperation, "token/team", nil)
	m.told(1, grantsAgain)
	m.told(1, rejects)
}

func TestTheLogTellsWhenPaxossListCannotBeBelieved(t *testing.T) {
	t.Parallel()
	m := newListingMount(t)
	m.compare()
	m.told(0, noBelief)
	m.Paxos.FailAll(paxostest.ListCredentials, paxostest.Fault{Status: 200, Body: `{"items":[]}`})
	for range 3 {
		m.Clock.Advance(time.Minute)
		// whether it is refused is not the matter here
		_, _ = m.Do(logical.ReadOperation, "report/drift", map[string]any{"refresh": true})
	}
	m.told(1, noBelief)
	m.Paxos.Heal()
	m.compare()
	m.told(1, beliefAgain)
}
