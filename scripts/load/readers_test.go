package load

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/vault/api"
)

// How many readers there are, and how often each of them reads. Together they read all paths in turn.
const (
	readers  = 50
	interval = 200 * time.Millisecond
)

// A load is applications that read repeatedly, with clients that retry as Vault's do, and the
// results of the reads.
type load struct {
	end   func() // once
	group sync.WaitGroup

	mu     sync.Mutex
	took   []time.Duration // the time of each read that succeeded
	failed []error         // the errors of reads that failed
	leased map[string]bool // fingerprints of the tokens with a lease
}

// startLoad starts the readers of the paths.
func (m *mount) startLoad(paths []string) *load {
	m.Helper()
	ended := make(chan struct{})
	l := &load{end: sync.OnceFunc(func() { close(ended) }), leased: map[string]bool{}}
	for first := range readers {
		c := client(m.T, m.server, m.server.RootToken)
		l.group.Go(func() {
			ticker := time.NewTicker(interval)
			defer ticker.Stop()
			for turn := first; ; turn++ {
				l.read(m, c, paths[turn%len(paths)])
				select {
				case <-ended:
					return
				case <-ticker.C:
				}
			}
		})
	}
	m.Cleanup(l.stop)
	return l
}

// stop ends the load and waits for the reads in progress.
func (l *load) stop() {
	l.end()
	l.group.Wait()
}

// read reads once and records the result.
func (l *load) read(m *mount, c *api.Client, path string) {
	started := time.Now()
	answer, err := c.Logical().ReadWithContext(m.Context(), m.path+"/"+path)
	took := time.Since(started)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil:
		l.failed = append(l.failed, err)
	case answer == nil || answer.Data["access_token"] == nil:
		l.failed = append(l.failed, fmt.Errorf("reading %s: no access_token in the answer", path))
	default:
		l.took = append(l.took, took)
		if answer.LeaseID != "" {
			l.leased[answer.Data["token_id"].(string)] = true
		}
	}
}

// count returns how many reads have succeeded so far.
func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.took)
}

// awaitRound waits until the readers have made as many further reads as it takes to read every path.
func (l *load) awaitRound(m *mount, paths int) {
	m.Helper()
	want := l.count() + paths
	m.await(time.Minute, func() error {
		if got := l.count(); got < want {
			return fmt.Errorf("%d reads, want %d", got, want)
		}
		return nil
	})
}

// report returns how many reads there were, and how long they took.
func (l *load) report() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	slices.Sort(l.took)
	if len(l.took) == 0 {
		return "no reads"
	}
	at := func(share float64) time.Duration {
		return l.took[int(share*float64(len(l.took)-1))].Round(100 * time.Microsecond)
	}
	return fmt.Sprintf("%d reads by %d readers, %d failed; median %s, 99%% within %s, longest %s",
		len(l.took), readers, len(l.failed), at(0.5), at(0.99), at(1))
}
