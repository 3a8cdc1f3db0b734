package e2e

import (
	"sync"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// readers is how many read at the same time.
const readers = 1000

// TestAThousandColdReadersCostOneToken lets a thousand applications read at the same time, first
// without a token in memory, and again after everything that had it in memory was restarted.
func TestAThousandColdReadersCostOneToken(t *testing.T) {
	server := own(t)
	m := newMount(t, server, paxostest.Options{})
	m.role("app", nil, profiles)

	started := time.Now()
	tokens := m.readAtOnce(readers)
	t.Logf("%d cold readers were served in %s", readers, time.Since(started).Round(time.Millisecond))
	m.expectIssued(1)
	if len(tokens) != 1 {
		t.Fatalf("they got %d different tokens", len(tokens))
	}
	want := tokens[0]
	m.expectAlive(want, true)

	for _, loss := range []struct {
		name string
		of   func() error
	}{
		{"the plugin's death", func() error { _, err := server.KillPlugin(); return err }},
		{"a reload of the plugin", func() error { return server.ReloadPlugin(t.Context()) }},
		{"seal and unseal", func() error {
			if err := server.Seal(t.Context()); err != nil {
				return err
			}
			return server.Unseal(t.Context())
		}},
		{"a restart of Vault", func() error { server.Stop(); return server.Restart(t.Context()) }},
	} {
		if err := loss.of(); err != nil {
			t.Fatalf("%s: %v", loss.name, err)
		}
		m.client = client(t, server, server.RootToken)
		if got := token(m.read("creds/app")); got != want {
			t.Errorf("after %s the reader got another token", loss.name)
		}
		m.expectIssued(1)
	}
	m.expectAlive(want, true)
}

// readAtOnce reads the role app this number of times at once and returns the different tokens.
func (m *mount) readAtOnce(count int) []string {
	m.Helper()
	var (
		group     sync.WaitGroup
		mu        sync.Mutex
		different []string
		seen      = map[string]bool{}
		begin     = make(chan struct{})
	)
	for range count {
		group.Go(func() {
			<-begin
			answer, err := m.readAs(m.client, "creds/app")
			if err != nil {
				m.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if !seen[token(answer)] {
				seen[token(answer)] = true
				different = append(different, token(answer))
			}
		})
	}
	close(begin)
	group.Wait()
	return different
}
