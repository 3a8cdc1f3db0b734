package backend

import (
	"fmt"
	"slices"
	"time"
)

// leaseTTL is the reader's wish, else the role's ttl, else the mount's default,
// within the role's max_ttl, the guardrails' and the life the token has left.
func (b *backend) leaseTTL(want tokenRequest, left time.Duration) time.Duration {
	ttl := want.ttl
	if ttl == 0 {
		ttl = want.role.TTL
	}
	if ttl == 0 {
		ttl = b.System().DefaultLeaseTTL()
	}
	if ttl == 0 { // Vault did not answer
		ttl = left
	}
	if want.role.MaxTTL > 0 {
		ttl = min(ttl, want.role.MaxTTL)
	}
	return min(ttl, want.ceiling, left)
}

// clientTTL is how long a lease of a client lasts at first: the reader's wish, else the
// role's ttl, else the mount's default, within what is allowed.
func (b *backend) clientTTL(want tokenRequest) time.Duration {
	ttl := want.ttl
	if ttl == 0 {
		ttl = want.role.TTL
	}
	if ttl == 0 {
		ttl = b.System().DefaultLeaseTTL()
	}
	longest := b.maximumClientTTL(want)
	if ttl == 0 { // Vault did not answer
		return longest
	}
	return min(ttl, longest)
}

// maximumClientTTL is how long it may last with all its renewals.
func (b *backend) maximumClientTTL(want tokenRequest) time.Duration {
	bounds := slices.DeleteFunc([]time.Duration{want.role.MaxTTL, want.ceiling, b.System().MaxLeaseTTL()},
		func(d time.Duration) bool { return d == 0 })
	return slices.Min(bounds)
}

// cutWarning tells a reader who asked for a longer lease than there is why it is shorter.
func cutWarning(want tokenRequest, ttl, left time.Duration) []string {
	switch {
	case want.ttl <= ttl:
		return nil
	case ttl == left:
		return []string{fmt.Sprintf("The lease lasts %s, not %s: its token expires then.", ttl, want.ttl)}
	}
	return []string{fmt.Sprintf("The lease lasts %s, not %s: the role, the mount or config/guardrails allow "+
		"no longer one.", ttl, want.ttl)}
}
