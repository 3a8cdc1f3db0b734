package backend

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"vault-plugin-secrets-paxos/backend/spec"
)

// lastSigned remembers until when Paxos accepts the latest signature of each signer, for a lockdown, which
// cannot take signatures back. It is in memory only, because a signature without a daily limit
// stores nothing.
type lastSigned struct {
	mu    sync.Mutex
	until map[string]time.Time // by the signer's name
}

// note remembers a signature.
func (l *lastSigned) note(signerName string, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.until == nil {
		l.until = map[string]time.Time{}
	}
	if until.After(l.until[signerName]) {
		l.until[signerName] = until
	}
}

// describe names the signers whose latest signature Paxos still accepts, and until when.
func (l *lastSigned) describe(now time.Time) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var described []string
	for _, name := range slices.Sorted(maps.Keys(l.until)) {
		if until := l.until[name]; now.Before(until) {
			described = append(described,
				fmt.Sprintf("signatures of signer %s: Paxos accepts the latest one until %s", name, spec.Timestamp(until)))
		} else {
			delete(l.until, name)
		}
	}
	return described
}
