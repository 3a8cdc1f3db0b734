package backend

import (
	"sync"
	"time"

	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
)

// systemMemory is how long an answer of Vault is reused.
const systemMemory = time.Second

// A cachedSystem answers from memory what the framework asks Vault before every request, and what
// every lease needs. Each question would be a round trip to the process of Vault.
//
// An answer may be up to systemMemory old. That is harmless: the replication state changes only
// when Vault sets up the backend again, and a new default TTL may take effect a second late. Code
// that requests tokens or works in the background asks Vault itself, through uncached.
type cachedSystem struct {
	logical.SystemView
	now func() time.Time

	mu       sync.Mutex
	state    remembered[consts.ReplicationState]
	local    remembered[bool]
	leaseTTL remembered[time.Duration]
}

// A remembered value is an answer of Vault and when it was given.
type remembered[T any] struct {
	value T
	at    time.Time
}

// newCachedSystem returns a cachedSystem that asks system.
func newCachedSystem(system logical.SystemView, now func() time.Time) *cachedSystem {
	return &cachedSystem{SystemView: system, now: now}
}

// ReplicationState is the replication state of this node. The framework asks for it with every
// request. A failed round trip looks like ReplicationUnknown, so that answer is not remembered.
func (s *cachedSystem) ReplicationState() consts.ReplicationState {
	return recallOrAsk(s, &s.state, s.SystemView.ReplicationState,
		func(state consts.ReplicationState) bool { return state != consts.ReplicationUnknown })
}

// LocalMount reports whether the mount is local to its cluster. The framework asks for it with
// every operation that may be forwarded.
func (s *cachedSystem) LocalMount() bool {
	return recallOrAsk(s, &s.local, s.SystemView.LocalMount, func(bool) bool { return true })
}

// DefaultLeaseTTL is the default TTL of leases of the mount. A failed round trip looks like zero,
// so that answer is not remembered.
func (s *cachedSystem) DefaultLeaseTTL() time.Duration {
	return recallOrAsk(s, &s.leaseTTL, s.SystemView.DefaultLeaseTTL, func(ttl time.Duration) bool { return ttl > 0 })
}

// recallOrAsk returns the remembered answer if it is recent. Otherwise it asks Vault, and remembers
// the answer if it is usable. mu is not held while it asks, so two callers may ask at the same
// time, which does no harm.
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

// uncached returns the SystemView that asks Vault every time.
func (b *backend) uncached() logical.SystemView {
	if cached, ok := b.System().(*cachedSystem); ok {
		return cached.SystemView
	}
	return b.System()
}

// writable reports whether this node may write to storage, and so whether it may request tokens and
// work in the background. It asks Vault every time. If the process of Vault is gone, the answer is
// ReplicationUnknown: then the plugin is an orphan and must do nothing.
func (b *backend) writable() bool { return writableBy(b.uncached()) }

// writableBy reports whether a node may write to storage, by what it says of itself.
func writableBy(system logical.SystemView) bool {
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

// tainted reports whether the mount is being disabled. It asks Vault every time.
func (b *backend) tainted() bool { return b.uncached().Tainted() }
