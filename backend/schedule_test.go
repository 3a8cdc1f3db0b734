package backend_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// A schedule is what VSO and consul-template read of an answer of token/: consul-template sleeps
// ttl and one second where rotation_period is there and no lease is, VSO wants last_vault_rotation
// and a rotation_period of one at least.
type schedule struct {
	ttl, period float64
	rotated     time.Time
}

// schedule reads it as they do, and holds it against what must be true of every answer.
func (m *mount) schedule(resp *logical.Response, poll time.Duration) schedule {
	m.T.Helper()
	rotated, err := time.Parse(time.RFC3339, resp.Data["last_vault_rotation"].(string))
	if err != nil {
		m.T.Fatal(err)
	}
	s := schedule{number(m.T, resp, "ttl"), number(m.T, resp, "rotation_period"), rotated}
	expires, err := time.Parse(time.RFC3339, resp.Data["expires_at"].(string))
	if err != nil {
		m.T.Fatal(err)
	}
	switch {
	case resp.Secret != nil:
		m.T.Error("there is a lease, by which consul-template would go")
	case s.ttl < 1 || s.ttl > poll.Seconds() || s.ttl > s.period || s.period < 1:
		m.T.Errorf("ttl is %v with a poll_interval of %s and a rotation_period of %v", s.ttl, poll, s.period)
	case s.ttl != float64(int64(s.ttl)) || s.period != float64(int64(s.period)):
		m.T.Errorf("ttl %v and rotation_period %v are not whole seconds", s.ttl, s.period)
	case s.ttl > max(1, expires.Sub(m.Clock.Now()).Seconds()):
		m.T.Errorf("ttl is %v, and the token ends in %s", s.ttl, expires.Sub(m.Clock.Now()))
	}
	return s
}

// TestReadersComeBackWithinThePollInterval spread downwards by a fifth, before they do for the refresh.
func TestReadersComeBackWithinThePollInterval(t *testing.T) {
	t.Parallel()
	for _, poll := range []time.Duration{10 * time.Second, 5 * time.Minute, time.Hour} {
		t.Run(poll.String(), func(t *testing.T) {
			t.Parallel()
			m := newConfiguredMount(t)
			m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"poll_interval": poll.String()})
			refresh := 3569 * 0.75 * 0.95 // at the earliest
			first := m.schedule(m.Must(logical.ReadOperation, "token/mint", nil), poll)
			if first.period < refresh-1 || first.period > 3569*0.75*1.05+1 || !first.rotated.Equal(m.Clock.Now()) {
				t.Errorf("rotation_period %v, last_vault_rotation %s", first.period, first.rotated)
			}
			least, most, seen := min(poll.Seconds(), refresh)*0.8-1, 0.0, map[float64]bool{}
			for range 200 {
				s := m.schedule(m.Must(logical.ReadOperation, "token/mint", nil), poll)
				seen[s.ttl], most = true, max(most, s.ttl)
				if s.ttl < least {
					t.Fatalf("ttl is %v, want %v at least", s.ttl, least)
				}
			}
			if spread := min(poll.Seconds(), refresh) * 0.2; float64(len(seen)) < min(spread, 20)/2 {
				t.Errorf("200 readers come back at %d different times", len(seen))
			}
			if most < min(poll.Seconds(), refresh)*0.95-1 {
				t.Errorf("nobody waits for more than %v", most)
			}
		})
	}
}

// TestAnAgentFollowsItsSchedule through the whole life of a token: it never holds one that is dead,
// reads a refreshed one soon, and neither reads in a loop nor sleeps beyond the poll_interval.
func TestAnAgentFollowsItsSchedule(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	held, reads, tokens := m.Must(logical.ReadOperation, "token/mint", nil), 0, map[string]bool{}
	for start := m.Clock.Now(); m.Clock.Now().Sub(start) < 3*time.Hour; reads++ {
		s := m.schedule(held, 5*time.Minute)
		m.Clock.Advance(time.Duration(s.ttl+1) * time.Second)
		if !m.Paxos.Alive(backendtest.Token(held)) {
			t.Fatalf("a dead token is held after %s", m.Clock.Now().Sub(start))
		}
		held = m.Must(logical.ReadOperation, "token/mint", nil)
		// the read began a refresh
		if age := m.Clock.Now().Sub(m.schedule(held, 5*time.Minute).rotated); age.Seconds() > s.period+1 {
			backendtest.WaitUntil(t, func() bool {
				return backendtest.Token(m.Must(logical.ReadOperation, "token/mint", nil)) != backendtest.Token(held)
			})
		}
		tokens[backendtest.Token(held)] = true
	}
	if reads > 80 || len(tokens) < 4 {
		t.Errorf("%d reads of %d tokens in three hours", reads, len(tokens))
	}
}

// TestReadersComeBackSoonWhileARefreshFails in a few seconds at first, then within a minute.
func TestReadersComeBackSoonWhileARefreshFails(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.ReadOperation, "token/mint", nil)
	m.Paxos.FailAll(paxostest.TokenEndpoint, paxostest.Fault{Status: 503})
	m.Clock.Advance(48 * time.Minute)
	for i := range 20 {
		resp := m.Must(logical.ReadOperation, "token/mint", nil)
		if s := m.schedule(resp, 5*time.Minute); s.ttl > 60 || i == 0 && s.ttl > 5 {
			t.Fatalf("ttl is %v at read %d while refreshing fails", s.ttl, i)
		}
		m.Clock.Advance(5 * time.Second)
	}
}

// TestARoleWithoutAPollIntervalHasTheDefault: it was stored before there was one.
func TestARoleWithoutAPollIntervalHasTheDefault(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.rewrite("roles/mint", `"poll_interval":300000000000,`, "")
	if got := m.Must(logical.ReadOperation, "roles/mint", nil).Data["poll_interval"]; got != 300.0 {
		t.Errorf("a read shows %v", got)
	}
	m.schedule(m.Must(logical.ReadOperation, "token/mint", nil), 5*time.Minute)
	m.Must(logical.PatchOperation, "roles/mint", map[string]any{"poll_interval": "20s"})
	m.Must(logical.PatchOperation, "roles/mint", map[string]any{"poll_interval": nil})
	if got := m.Must(logical.ReadOperation, "roles/mint", nil).Data["poll_interval"]; got != 300.0 {
		t.Errorf("after null a read shows %v", got)
	}
}

// rewrite replaces a text in a stored entry, as a plugin that knew less would have stored it.
func (m *mount) rewrite(key, text, by string) {
	m.T.Helper()
	entry, err := m.Storage.Get(context.Background(), key)
	if err != nil || entry == nil || !strings.Contains(string(entry.Value), text) {
		m.T.Fatalf("%s does not hold %s: %v", key, text, err)
	}
	entry.Value = []byte(strings.Replace(string(entry.Value), text, by, 1))
	if err := m.Storage.Put(context.Background(), entry); err != nil {
		m.T.Fatal(err)
	}
	m.Restart()
}
