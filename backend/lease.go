package backend

import (
	"cmp"
	"fmt"
	"time"
)

// leaseTTL returns how long a new lease lasts: as long as the reader asks for, else the role's ttl,
// else the mount's default, but at most longest.
func (b *backend) leaseTTL(want tokenRequest, longest time.Duration) time.Duration {
	return min(longest, cmp.Or(want.ttl, want.role.TTL, b.System().DefaultLeaseTTL(), longest))
}

// longestLease returns how long the role and the guardrails let a lease last.
func (r tokenRequest) longestLease() time.Duration {
	if r.role.MaxTTL > 0 {
		return min(r.role.MaxTTL, r.ceiling)
	}
	return r.ceiling
}

// cutWarning tells a reader why its lease is shorter than it asked for. ttl is the length of the
// lease, left is how long its token is still valid.
func cutWarning(want tokenRequest, ttl, left time.Duration) []string {
	switch {
	case want.ttl <= ttl:
		return nil
	case ttl == left:
		return []string{fmt.Sprintf("The lease lasts %s, not %s: its token expires then.", ttl, want.ttl)}
	}
	return []string{fmt.Sprintf("The lease lasts %s, not %s: the role, the mount or config/guardrails allow "+
		"at most that.", ttl, want.ttl)}
}
