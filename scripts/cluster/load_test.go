package cluster

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/vault/api"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// So many readers read once in an interval each, one time in leasedEvery on a lease:
// a lease costs the cluster several writes.
const (
	readers     = 16
	interval    = 50 * time.Millisecond
	leasedEvery = 4
)

// A load is applications that read a role over and over, with clients that try again
// as Vault's do by themselves, and what came of it.
type load struct {
	end   func() // once
	group sync.WaitGroup
	raw   atomic.Int64 // failures before a client tried again

	mu         sync.Mutex
	reads      int            // that succeeded
	leaderless int            // that a client gave up because all the time no node was active
	failed     []error        // that a client gave up for another reason
	longest    time.Duration  // until success or giving up
	tokens     map[string]int // reads by the fingerprint of what they got
	leases     []string       // all that were given
}

// startLoad starts the readers of the role.
func (m *mount) startLoad(role string) *load {
	m.Helper()
	ended := make(chan struct{})
	l := &load{end: sync.OnceFunc(func() { close(ended) }), tokens: map[string]int{}}
	for first := range readers {
		client := m.newClient()
		client.SetCheckRetry(func(ctx context.Context, response *http.Response, err error) (bool, error) {
			again, err := api.DefaultRetryPolicy(ctx, response, err)
			if again {
				l.raw.Add(1)
			}
			return again, err
		})
		l.group.Go(func() { l.read(m, client, role, first, ended) })
	}
	m.Cleanup(l.stop)
	return l
}

// stop waits for the reads under way and ends the load.
func (l *load) stop() {
	l.end()
	l.group.Wait()
}

// read is one reader.
func (l *load) read(m *mount, client *api.Client, role string, first int, ended <-chan struct{}) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for turn := first; ; turn++ {
		path := "token/" + role
		if turn%leasedEvery == 0 {
			path = "creds/" + role
		}
		started := time.Now()
		answer, err := m.read(client, path)
		l.note(answer, err, time.Since(started))
		select {
		case <-ended:
			return
		case <-ticker.C:
		}
	}
}

// note writes down what came of a read.
func (l *load) note(answer *api.Secret, err error, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.longest = max(l.longest, took)
	switch {
	case err != nil && strings.Contains(err.Error(), stack.NoActiveNode):
		l.leaderless++
		return
	case err != nil:
		l.failed = append(l.failed, err)
		return
	}
	l.reads++
	l.tokens[tokenID(answer)]++
	if answer.LeaseID != "" {
		l.leases = append(l.leases, answer.LeaseID)
	}
}

// count is how many reads have succeeded so far, and how many were given up because
// no node was active.
func (l *load) count() (reads, leaderless int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reads, l.leaderless
}
