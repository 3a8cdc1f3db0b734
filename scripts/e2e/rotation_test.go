package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/vault/api"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// A load is many readers that read the role app until it is stopped, and the number of their reads.
type load struct {
	stop    context.CancelFunc
	readers sync.WaitGroup
	reads   atomic.Int64
	failed  atomic.Int64
}

// startLoad starts this number of readers.
func (m *mount) startLoad(readers int) *load {
	ctx, stop := context.WithCancel(m.Context())
	l := &load{stop: stop}
	for range readers {
		c := client(m.T, m.server, m.server.RootToken)
		l.readers.Go(func() {
			for ctx.Err() == nil {
				if _, err := m.readAs(c, "creds/app"); err != nil {
					l.failed.Add(1)
					m.Logf("a read failed: %v", err)
				}
				l.reads.Add(1)
			}
		})
	}
	return l
}

// end stops the readers and waits until they have stopped.
func (l *load) end() {
	l.stop()
	l.readers.Wait()
}

// TestRotationsUnderLoad alternates between a new secret for the root and a new root, while readers
// read. No read fails, and in the end there is one generation.
func TestRotationsUnderLoad(t *testing.T) {
	const readers, rotations = 20, 6
	m := newMount(t, own(t), paxostest.Options{TokenLimit: -1})
	m.role("app", nil, profiles)
	first := token(m.read("creds/app"))
	l := m.startLoad(readers)
	root := m.clientID
	for turn := range rotations {
		data, path := map[string]any{}, "config/rotate-root"
		if turn%2 == 0 {
			secret, err := m.paxos.RotateCredential(root)
			if err != nil {
				t.Fatal(err)
			}
			data["client_secret"] = secret
		} else {
			credential, secret,
				err := m.paxos.CreateCredential(paxostest.Credential{Scopes: []string{profiles, transfers}})
			if err != nil {
				t.Fatal(err)
			}
			root, path = credential.ClientID, "config/replace-root"
			data["client_id"], data["client_secret"] = root, secret
		}
		m.guard(data["client_secret"].(string))
		m.write(path, data)
	}
	l.end()
	if l.failed.Load() != 0 || l.reads.Load() < readers {
		t.Errorf("%d of %d reads failed", l.failed.Load(), l.reads.Load())
	}
	if got := token(m.read("creds/app")); got != first {
		t.Error("the rotations took the token from its readers")
	}
	m.write("roles/app/rotate", nil)
	m.awaitEnd(first) // verifying the secrets may have used the revocations of this second
	if got := token(m.read("creds/app")); got == first {
		t.Error("an ended token is served")
	}
	t.Logf("%d rotations under %d readers: %d reads, %d failed", rotations, readers, l.reads.Load(), l.failed.Load())
}

// TestLockdownUnderLoad puts the mount into lockdown while readers read. As soon as the write has
// returned, every read fails, also after a restart, and no token is alive at Paxos.
func TestLockdownUnderLoad(t *testing.T) {
	m := newMount(t, own(t), paxostest.Options{TokenLimit: -1})
	m.role("app", nil, profiles)
	m.role("single", map[string]any{"unique_tokens": true}, profiles)
	for range 5 {
		m.read("creds/single")
	}
	m.read("creds/app")
	var locked atomic.Bool
	var issued atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	var loops sync.WaitGroup
	for i := range 16 {
		c, path := client(t, m.server, m.server.RootToken), []string{"creds/app", "token/app"}[i%2]
		loops.Go(func() {
			for ctx.Err() == nil {
				before := locked.Load() // true if the read begins after the write has returned
				if _, err := m.readAs(c, path); err == nil && before {
					issued.Add(1)
				}
			}
		})
	}
	m.write("lockdown", map[string]any{"reason": "a drill"})
	locked.Store(true)
	expectLocked(m, m.client)
	if _, err := m.server.KillPlugin(); err != nil {
		t.Fatal(err)
	}
	expectLocked(m, m.client)
	stop()
	loops.Wait()
	if issued.Load() != 0 {
		t.Errorf("%d tokens were issued after the lockdown", issued.Load())
	}
	await(t, func() error {
		if live := m.paxos.LiveTokens(); len(live) != 0 {
			return fmt.Errorf("%d tokens live at Paxos", len(live))
		}
		return nil
	})
	if _, err := m.client.Logical().DeleteWithContext(t.Context(), m.path+"/lockdown"); err != nil {
		t.Fatal(err)
	}
	m.expectAlive(token(m.read("creds/app")), true)
}

// expectLocked checks that a read is refused because of the lockdown.
func expectLocked(m *mount, c *api.Client) {
	m.Helper()
	if _, err := m.readAs(c, "creds/app"); err == nil || !strings.Contains(err.Error(), "in lockdown") {
		m.Errorf("a read in a lockdown: %v", err)
	}
}
