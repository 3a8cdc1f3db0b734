package backend

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// TestPaxosTellsTheTimeWithEveryAnswer has the stand-in's clock run ahead of the mount's and behind it.
// Tokens, revocations and the API all tell, and so do refusals.
func TestPaxosTellsTheTimeWithEveryAnswer(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 1, 12, 0, 0, 700_000_000, time.UTC)
	var ahead atomic.Int64
	server, err := paxostest.Start(paxostest.Options{Now: func() time.Time {
		return noon.Add(time.Duration(ahead.Load()))
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	b := newClockedBackend(t, noon)
	session, err := b.sessionFor("custom", connection{TokenURL: server.URL() + "/oauth2/token",
		RevokeURL: server.URL() + "/oauth2/revoke", APIURL: server.URL() + "/v2", RequestTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(session.Close)
	if ahead, known := b.sessions.clock.offset(); known || ahead != 0 {
		t.Errorf("before any answer: %s, %v", ahead, known)
	}
	client := session.Client("nobody", paxos.Hide("wrong"))
	for name, test := range map[string]struct {
		ahead time.Duration
		call  func() error
	}{
		"token":  {10 * time.Minute, func() error { _, err := client.RequestToken(t.Context(), nil); return err }},
		"revoke": {-7 * time.Second, func() error { return client.Revoke(t.Context(), paxos.Hide("a token")) }},
		"api":    {0, func() error { _, err := session.ListProfiles(t.Context(), paxos.Bearer{}); return err }},
	} {
		ahead.Store(int64(test.ahead))
		if test.call() == nil {
			t.Errorf("%s: Paxos did not refuse", name)
		}
		if ahead, known := b.sessions.clock.offset(); !known || ahead != test.ahead {
			t.Errorf("%s: Paxos is %s ahead, %v; want %s", name, ahead, known, test.ahead)
		}
	}
	server.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Header: http.Header{"Date": {"yesterday"}}})
	before, _ := b.sessions.clock.offset()
	if _, err := client.RequestToken(t.Context(), nil); err == nil {
		t.Error("Paxos did not refuse")
	}
	if ahead, known := b.sessions.clock.offset(); !known || ahead != before {
		t.Errorf("after a Date that cannot be read: %s, %v; want %s", ahead, known, before)
	}
}

// newClockedBackend returns a mount whose clock stands still.
func newClockedBackend(t *testing.T, now time.Time) *backend {
	t.Helper()
	made, err := NewFactory(Options{Limits: limits.New(1), Now: func() time.Time { return now }})(t.Context(),
		&logical.BackendConfig{StorageView: &logical.InmemStorage{}, System: logical.TestSystemView()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { made.Cleanup(t.Context()) })
	return made.(*backend)
}
