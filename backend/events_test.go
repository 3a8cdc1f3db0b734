package backend_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// eventBus takes the events that a mount sends to Vault.
type eventBus struct {
	mu    sync.Mutex
	taken []string // type and metadata of each
	tries int
	fail  error
	hold  chan struct{} // where Vault is slow
}

// SendEvent is called by the plugin, over gRPC.
func (e *eventBus) SendEvent(ctx context.Context, kind logical.EventType, sent *logical.EventData) error {
	e.mu.Lock()
	e.tries++
	hold, fail := e.hold, e.fail
	if hold == nil && fail == nil {
		e.taken = append(e.taken, fmt.Sprint(kind, " ", sent.Metadata.AsMap()))
	}
	e.mu.Unlock()
	if hold == nil {
		return fail
	}
	select {
	case <-hold:
	case <-ctx.Done():
	}
	return errors.New("too late")
}

// all are the events taken so far.
func (e *eventBus) all() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.Join(e.taken, "\n")
}

// count is how often Vault was sent an event.
func (e *eventBus) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.tries
}

// await waits for an event that begins so, and returns it.
func (m *mount) await(beginning string) string {
	m.t.Helper()
	found := ""
	waitUntil(m.t, func() bool {
		for line := range strings.Lines(m.events.all()) {
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
	m.must(logical.PatchOperation, "roles/mint", map[string]any{"metadata": "team=treasury"})
	m.await("paxos/role-write map[data_path:roles/mint modified:true operation:patch path:roles/mint " +
		"role:mint role_metadata_team:treasury]")
	lease := m.must(logical.ReadOperation, "creds/mint", nil)
	id := fmt.Sprint(" client_id:", m.client.ClientID)
	token := fmt.Sprint("expires_at:", lease.Data["expires_at"],
		" path:roles/mint role:mint role_metadata_team:treasury token_id:", lease.Data["token_id"], "]")
	m.await("paxos/token-mint map[" + id[1:] + " " + token)
	if err := m.revoke(lease); err != nil {
		t.Fatal(err)
	}
	m.await("paxos/token-revoke map[" + id[1:] + " " + token)
	m.must(logical.UpdateOperation, "roles/mint/rotate", nil)
	m.await("paxos/role-rotate map[data_path:roles/mint modified:true operation:update path:roles/mint " +
		"role:mint role_metadata_team:treasury]")
	m.must(logical.UpdateOperation, "config/guardrails", map[string]any{"max_ttl": 60})
	m.must(logical.DeleteOperation, "config/guardrails", nil)
	m.await("paxos/guardrails-write map[data_path:config/guardrails modified:true operation:update " +
		"path:config/guardrails]")
	m.await("paxos/guardrails-write map[data_path:config/guardrails modified:true operation:delete " +
		"path:config/guardrails]")
	m.must(logical.DeleteOperation, "roles/mint", nil)
	m.await("paxos/role-delete map[data_path:roles/mint modified:true operation:delete path:roles/mint " +
		"role:mint role_metadata_team:treasury]")
}

func TestEventsTellWhatFails(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.must(logical.UpdateOperation, "roles/own",
		map[string]any{"scopes": "funding:read_profile", "unique_tokens": true})
	lease := m.must(logical.ReadOperation, "creds/own", nil)
	m.paxos.FailAll(paxostest.Revoke, paxostest.Fault{Status: 503})
	if err := m.revoke(lease); err != nil {
		t.Fatal(err)
	}
	if text := m.await("paxos/token-revoke-fail "); !strings.Contains(text, "503") ||
		!strings.Contains(text, fmt.Sprint("token_id:", lease.Data["token_id"])) {
		t.Errorf("the event is %s", text)
	}
	m.paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Status: 429})
	m.refused(logical.ReadOperation, "creds/mint", nil)
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
	m.must(logical.ReadOperation, "creds/mint", nil)
	m.await("paxos/token-mint ")
	before := m.events.count()
	for range 100 {
		m.must(logical.ReadOperation, "creds/mint", nil)
	}
	m.must(logical.DeleteOperation, "roles/mint", nil) // events come in order, and so that of its token last
	m.await("paxos/token-revoke ")
	if got := m.events.count() - before; got != 2 {
		t.Errorf("100 hits, a deletion and a revocation sent %d events, want 2", got)
	}
}

func TestASlowVaultHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.await("paxos/role-write ")
	hold, before := make(chan struct{}), m.events.count()
	m.events.mu.Lock()
	m.events.hold = hold
	m.events.mu.Unlock()
	for range 300 {
		m.must(logical.UpdateOperation, "roles/mint", map[string]any{"ttl": 60})
	}
	lost := m.metrics()["paxos_events_lost_total"]
	if lost < 300-257 {
		t.Errorf("%v events were dropped; want all but the queue's 256 and the one that is under way", lost)
	}
	m.events.mu.Lock()
	m.events.hold = nil
	m.events.mu.Unlock()
	close(hold)
	waitUntil(t, func() bool { return m.events.count()-before >= 300-int(lost) })
	m.must(logical.DeleteOperation, "roles/mint", nil)
	m.await("paxos/role-delete ")
}

func TestAVaultWithoutEventsIsSentNoMore(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.events.fail = status.Error(codes.Unimplemented, "unknown service pb.Events")
	m.must(logical.UpdateOperation, "roles/mint", map[string]any{"scopes": "funding:read_profile"})
	waitUntil(t, func() bool { return strings.Contains(m.log.String(), "takes no events") })
	for range 10 {
		m.must(logical.UpdateOperation, "roles/mint", map[string]any{"ttl": 60})
	}
	m.expect(map[string]float64{"paxos_events_lost_total": 0})
	if got := m.events.count(); got != 1 {
		t.Errorf("%d events were tried, want 1", got)
	}
}

func TestNoSecretInAnyEventOrMetric(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	lease := m.must(logical.ReadOperation, "creds/mint", nil)
	m.paxos.FailAll(paxostest.Revoke, paxostest.Fault{Status: 400, Body: m.secret + token(lease)})
	m.must(logical.UpdateOperation, "roles/mint/rotate", nil)
	for _, fault := range []paxostest.Fault{
		{Status: 401, Body: `{"error":"invalid_client","error_description":"` + m.secret + `"}`},
		{Rewrite: func(reply map[string]any) {
			reply["scope"] = m.secret
		}}, {Status: 400, Body: `{"error":"` + m.secret + `"}`}, {Status: 429, Body: m.secret},
	} {
		m.paxos.FailNext(paxostest.TokenEndpoint, fault)
		_, _ = m.do(logical.ReadOperation, "creds/mint", nil)
		m.clock.advance(time.Minute)
	}
	m.await("paxos/ban ")
	m.must(logical.DeleteOperation, "roles/mint", nil)
	m.await("paxos/role-delete ")
	said := m.events.all() + fmt.Sprint(m.metrics(), m.must(logical.ReadOperation, "status", nil).Data)
	if strings.Contains(said, m.secret) || strings.Contains(said, token(lease)) {
		t.Errorf("a secret is in:\n%s", said)
	}
}
