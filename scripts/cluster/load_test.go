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

// How many readers there are and how often each of them reads. One read in leasedEvery has a lease,
// which costs the cluster several writes.
const (
	readers     = 16
	interval    = 50 * time.Millisecond
	leasedEvery = 4
)

// A load is applications that read a role repeatedly, with clients that retry as Vault's do by default,
// and the results of the reads.
type load struct {
	end   func() // once
	group sync.WaitGroup
	raw   atomic.Int64 // failures after which a client retried

	mu         sync.Mutex
	reads      int            // reads that succeeded
	leaderless int            // reads that failed because no node was active for as long as the client tried
	failed     []error        // reads that failed for another reason
	longest    time.Duration  // the longest time of a read, until it succeeded or failed
	tokens     map[string]int // the number of reads by the fingerprint of their token
	leases     []string       // the ids of all leases
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

// stop ends the load and waits for the reads in progress.
func (l *load) stop() {
	l.end()
	l.group.Wait()
}

// read is one reader, which reads until the load ends.
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

// note records the result of a read.
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

// count returns how many reads have succeeded so far, and how many have failed because no node was
// active.
func (l *load) count() (reads, leaderless int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reads, l.leaderless
}
