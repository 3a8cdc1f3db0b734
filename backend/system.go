package backend

import (
	"sync"
	"time"

	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
)

// systemMemory is how long an answer of Vault's is believed on the hit path.
const systemMemory = time.Second

// cachedSystem answers from memory what the framework asks Vault before every
// request, and what every lease needs; each is a round trip to Vault's process. The
// replication state changes only when Vault sets the backend up anew, and the
// mount's default TTL may be a second late. Whoever mints or works in the
// background asks SystemView itself.
type cachedSystem struct {
	logical.SystemView
	now func() time.Time

	mu       sync.Mutex
	state    remembered[consts.ReplicationState]
	local    remembered[bool]
	leaseTTL remembered[time.Duration]
}

func newCachedSystem(system logical.SystemView, now func() time.Time) *cachedSystem {
	return &cachedSystem{SystemView: system, now: now}
}

// remembered is an answer and when it was given.
type remembered[T any] struct {
	value T
	at    time.Time
}

// recallOrAsk returns the remembered answer, or asks and remembers what usable accepts.
// mu is not held while asking: two askers do no harm.
func recallOrAsk[T any](s *cachedSystem, memory *remembered[T], ask func() T, usable func(T) bool) T {
	now := s.now()
	s.mu.Lock()
	known := *memory
	s.mu.Unlock()
	if age := now.Sub(known.at); age >= 0 && age < systemMemory {
		return known.value
	}
	value := ask()
	if usable(value) {
		s.mu.Lock()
		*memory = remembered[T]{value, now}
		s.mu.Unlock()
	}
	return value
}

// ReplicationState is asked by the framework for every request. Unknown is what a
// failed round trip looks like: it is not remembered.
func (s *cachedSystem) ReplicationState() consts.ReplicationState {
	return recallOrAsk(s, &s.state, s.SystemView.ReplicationState,
		func(state consts.ReplicationState) bool { return state != consts.ReplicationUnknown })
}

// LocalMount is asked by the framework for every operation that forwards.
func (s *cachedSystem) LocalMount() bool {
	return recallOrAsk(s, &s.local, s.SystemView.LocalMount, func(bool) bool { return true })
}

// DefaultLeaseTTL is the mount's, as tuned. Zero is a failed round trip.
func (s *cachedSystem) DefaultLeaseTTL() time.Duration {
	return recallOrAsk(s, &s.leaseTTL, s.SystemView.DefaultLeaseTTL, func(ttl time.Duration) bool { return ttl > 0 })
}

// uncached is Vault itself.
func (b *backend) uncached() logical.SystemView {
	if cached, ok := b.System().(*cachedSystem); ok {
		return cached.SystemView
	}
	return b.System()
}

// writable reports whether this node may write to storage, and so whether it may
// mint or work in the background. It asks Vault. A Vault that is gone answers
// Unknown, and its orphaned plugin must do nothing.
func (b *backend) writable() bool {
	system := b.uncached()
	state := system.ReplicationState()
	switch {
	case state == consts.ReplicationUnknown,
		state.HasState(consts.ReplicationDRSecondary | consts.ReplicationPerformanceStandby):
		return false
	case state.HasState(consts.ReplicationPerformanceSecondary):
		return system.LocalMount()
	}
	return true
}

// tainted reports whether the mount is being disabled. It asks Vault.
func (b *backend) tainted() bool { return b.uncached().Tainted() }
