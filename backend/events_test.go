package backend_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// await waits for an event that begins so, and returns it.
func (m *mount) await(beginning string) string {
	m.T.Helper()
	found := ""
	backendtest.WaitUntil(m.T, func() bool {
		for line := range strings.Lines(m.Events.All()) {
			if strings.HasPrefix(line, beginning) {
				found = strings.TrimSpace(line)
			}
		}
		return found != ""
	})
	return found
}

func TestEventsTellWhatChanges(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.await("paxos/config-write map[data_path:config/connection modified:true operation:update path:config/connection]")
	m.await("paxos/config-write map[data_path:config modified:true operation:update path:config]")
	m.await("paxos/role-write map[data_path:roles/mint modified:true operation:create path:roles/mint role:mint]")
	m.Must(logical.PatchOperation, "roles/mint", map[string]any{"metadata": "team=treasury"})
	m.await("paxos/role-write map[data_path:roles/mint modified:true operation:patch path:roles/mint " +
		"role:mint role_metadata_team:treasury]")
	lease := m.Must(logical.ReadOperation, "creds/mint", nil)
	id := fmt.Sprint(" client_id:", m.Client.ClientID)
	token := fmt.Sprint("expires_at:", lease.Data["expires_at"],
		" path:roles/mint role:mint role_metadata_team:treasury token_id:", lease.Data["token_id"], "]")
	m.await("paxos/token-mint map[" + id[1:] + " " + token)
	if err := m.Revoke(lease); err != nil {
		t.Fatal(err)
	}
	m.await("paxos/token-revoke map[" + id[1:] + " " + token)
	m.Must(logical.UpdateOperation, "roles/mint/rotate", nil)
	m.await("paxos/role-rotate map[data_path:roles/mint modified:true operation:update path:roles/mint " +
		"role:mint role_metadata_team:treasury]")
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"max_ttl": 60})
	m.Must(logical.DeleteOperation, "config/guardrails", nil)
	m.await("paxos/guardrails-write map[data_path:config/guardrails modified:true operation:update " +
		"path:config/guardrails]")
	m.await("paxos/guardrails-write map[data_path:config/guardrails modified:true operation:delete " +
		"path:config/guardrails]")
	m.Must(logical.DeleteOperation, "roles/mint", nil)
	m.await("paxos/role-delete map[data_path:roles/mint modified:true operation:delete path:roles/mint " +
		"role:mint role_metadata_team:treasury]")
}

func TestEventsTellWhatFails(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "roles/own",
		map[string]any{"scopes": "funding:read_profile", "unique_tokens": true})
	lease := m.Must(logical.ReadOperation, "creds/own", nil)
	m.Paxos.FailAll(paxostest.Revoke, paxostest.Fault{Status: 503})
	if err := m.Revoke(lease); err != nil {
		t.Fatal(err)
	}
	if text := m.await("paxos/token-revoke-fail "); !strings.Contains(text, "503") ||
		!strings.Contains(text, fmt.Sprint("token_id:", lease.Data["token_id"])) {
		t.Errorf("the event is %s", text)
	}
	m.Paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Status: 429})
	m.Refused(logical.ReadOperation, "creds/mint", nil)
	if text := m.await("paxos/token-mint-fail "); !strings.Contains(text, "429") ||
		!strings.Contains(text, "path:roles/mint role:mint") {
		t.Errorf("the event is %s", text)
	}
	if text := m.await("paxos/ban "); !strings.Contains(text, "429") {
		t.Errorf("the event is %s", text)
	}
}

func TestNoEventForAHit(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.ReadOperation, "creds/mint", nil)
	m.await("paxos/token-mint ")
	before := m.Events.Count()
	for range 100 {
		m.Must(logical.ReadOperation, "creds/mint", nil)
	}
	m.Must(logical.DeleteOperation, "roles/mint", nil) // events come in order, and so that of its token last
	m.await("paxos/token-revoke ")
	if got := m.Events.Count() - before; got != 2 {
		t.Errorf("100 hits, a deletion and a revocation sent %d events, want 2", got)
	}
}

func TestASlowVaultHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.await("paxos/role-write ")
	hold, before := make(chan struct{}), m.Events.Count()
	m.Events.Slow(hold)
	for range 300 {
		m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"ttl": 60})
	}
	lost := m.metrics()["paxos_events_lost_total"]
	if lost < 300-257 {
		t.Errorf("%v events were dropped; want all but the queue's 256 and the one that is under way", lost)
	}
	m.Events.Slow(nil)
	close(hold)
	backendtest.WaitUntil(t, func() bool { return m.Events.Count()-before >= 300-int(lost) })
	m.Must(logical.DeleteOperation, "roles/mint", nil)
	m.await("paxos/role-delete ")
}

func TestAVaultWithoutEventsIsSentNoMore(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.Events.Fail(status.Error(codes.Unimplemented, "unknown service pb.Events"))
	m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"scopes": "funding:read_profile"})
	backendtest.WaitUntil(t, func() bool { return strings.Contains(m.Log.String(), "has no event bus") })
	for range 10 {
		m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"ttl": 60})
	}
	m.expect(map[string]float64{"paxos_events_lost_total": 0})
	if got := m.Events.Count(); got != 1 {
		t.Errorf("%d events were tried, want 1", got)
	}
}

func TestNoSecretInAnyEventOrMetric(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	lease := m.Must(logical.ReadOperation, "creds/mint", nil)
	m.Paxos.FailAll(paxostest.Revoke, paxostest.Fault{Status: 400, Body: m.Secret + backendtest.Token(lease)})
	m.Must(logical.UpdateOperation, "roles/mint/rotate", nil)
	for _, fault := range []paxostest.Fault{
		{Status: 401, Body: `{"error":"invalid_client","error_description":"` + m.Secret + `"}`},
		{Rewrite: func(reply map[string]any) {
			reply["scope"] = m.Secret
		}}, {Status: 400, Body: `{"error":"` + m.Secret + `"}`}, {Status: 429, Body: m.Secret},
	} {
		m.Paxos.FailNext(paxostest.TokenEndpoint, fault)
		_, _ = m.Do(logical.ReadOperation, "creds/mint", nil)
		m.Clock.Advance(time.Minute)
	}
	m.await("paxos/ban ")
	m.Must(logical.DeleteOperation, "roles/mint", nil)
	m.await("paxos/role-delete ")
	said := m.Events.All() + fmt.Sprint(m.metrics(), m.Must(logical.ReadOperation, "status", nil).Data)
	if strings.Contains(said, m.Secret) || strings.Contains(said, backendtest.Token(lease)) {
		t.Errorf("a secret is in:\n%s", said)
	}
}
