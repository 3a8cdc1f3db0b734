package broker

import (
	"fmt"
	"time"

	"vault-plugin-secrets-paxos/backend/limits"
)

// mostNarrowed is how many subsets of a role's scopes may have a token in service. A role has more
// subsets than the budget could ever pay for.
const mostNarrowed = 8

// checkNarrowed refuses another subset of the role's scopes where there are as many as allowed and
// none makes room. It comes before the token request.
func (b *Broker) checkNarrowed(req Request) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, err := b.narrowedRoom(req)
	return err
}

// makeNarrowedRoom takes the subset that makes room out of service, once there is a token to take
// its place.
func (b *Broker) makeNarrowedRoom(req Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if set, err := b.narrowedRoom(req); err == nil && set != nil {
		b.displace(set)
	}
}

// narrowedRoom returns the subset that has to make room for the request's. That is the oldest of
// the caller's own, or else the one that has not been read for longest, if it has been idle for as
// long as a token without leases is kept. It returns nil if there is room. mu is held.
func (b *Broker) narrowedRoom(req Request) (*narrowedSet, error) {
	if !req.Narrowed || req.Own {
		return nil, nil
	}
	now := b.Now()
	sets := b.narrowedSets(req, now)
	if _, ok := sets[req.Key.Scopes]; ok || len(sets) < mostNarrowed {
		return nil, nil
	}
	var mine, idle *narrowedSet
	for _, set := range sets {
		if set.opener == req.Caller && req.Caller != "" && (mine == nil || set.opened.Before(mine.opened)) {
			mine = set
		}
		if idle == nil || set.freeAt(req).Before(idle.freeAt(req)) {
			idle = set
		}
	}
	switch free := idle.freeAt(req); {
	case mine != nil:
		return mine, nil
	case !now.Before(free):
		return idle, nil
	default:
		return nil, &limits.Throttled{
			Reason: fmt.Sprintf("Role %q already serves tokens for %d different subsets of its scopes, which "+
				"is the maximum", req.RoleName, len(sets)),
			RetryAfter: free.Sub(now),
			Advice:     "Retry in %s, read one of those subsets, or read the whole role.",
		}
	}
}

// A narrowedSet is what is known of one subset of a role's scopes.
type narrowedSet struct {
	tokens   []*token
	opener   string // who read it first
	opened   time.Time
	lastRead time.Time
	expires  time.Time // when the last of its tokens does
}

// freeAt is when the set makes room for others by itself.
func (s *narrowedSet) freeAt(req Request) time.Time {
	free := s.lastRead.Add(req.IdleTTL)
	if s.expires.Before(free) {
		free = s.expires
	}
	return free
}

// narrowedSets returns the subsets of the request's role that are in service. mu is held.
func (b *Broker) narrowedSets(req Request, now time.Time) map[string]*narrowedSet {
	sets := map[string]*narrowedSet{}
	for _, t := range b.serving {
		if !t.Narrowed || t.Key.Role != req.Role || t.expired(now) {
			continue
		}
		set := sets[t.Key.Scopes]
		if set == nil {
			set = &narrowedSet{opener: t.opener, opened: t.MintedAt}
			sets[t.Key.Scopes] = set
		}
		set.tokens = append(set.tokens, t)
		if t.MintedAt.Before(set.opened) {
			set.opener, set.opened = t.opener, t.MintedAt
		}
		if t.lastRead.After(set.lastRead) {
			set.lastRead = t.lastRead
		}
		if t.ExpiresAt.After(set.expires) {
			set.expires = t.ExpiresAt
		}
	}
	return sets
}

// displace takes the tokens of the set out of service. Leased tokens end with their last lease, the
// others when they expire. mu is held.
func (b *Broker) displace(set *narrowedSet) {
	for _, t := range set.tokens {
		b.withdraw(t)
		t.idleTTL = 0
		t.startIdling(b.Now())
	}
	b.SweepSoon()
}
