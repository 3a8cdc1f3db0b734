package load

import (
	"fmt"
	"testing"
	"time"
)

// How many roles there are, how many of them are read, and that every fourth of those is read with a
// lease. Each role that is read costs a token request at first, and one each time that its tokens are
// ended. Paxos allows 300 token requests in 5 minutes, of which the engine uses 180 for that.
const (
	roles       = 500
	primed      = 75
	leasedEvery = 4
	singles     = 6
)

// scopesOfRoles are the scopes of the roles, in turn.
var scopesOfRoles = [][]string{
	{profiles}, {transfers}, {profiles, transfers}, {orchestrations}, {transfers, withdrawals}, {profiles,
		transfers, withdrawals, orchestrations},
}

// TestTwentyRotations rotates the secret of the root, replaces the root and promotes standbys, 20
// times in all, while readers read. It takes more than 5 minutes, because the engine verifies at
// most 12 secrets in that time.
func TestTwentyRotations(t *testing.T) {
	t.Parallel()
	scopes := []string{profiles, transfers, withdrawals, orchestrations, listing, deleting}
	m := newMount(t, shared(t), scopes...)
	r := &roots{mount: m, scopes: scopes, current: m.clientID, accepted: map[string]int{}, began: time.Now()}
	names, paths := m.roles()
	const standbys = 3 // each is verified when it is stored
	for _, name := range []string{"standby-1", "vault-standby-2", "vault-standby-3"} {
		r.stock(name)
	}
	for _, path := range paths {
		m.read(path)
	}
	own := map[string]bool{}
	for range singles {
		own[m.read("creds/single")["token_id"].(string)] = true
	}
	l := m.startLoad(paths)

	next := func(rotate func()) { l.awaitRound(m, len(paths)); rotate() }
	rotate, replace := r.rotateRoot, func() { r.replaceRoot(false) }
	for _, step := range []func(){r.promote, rotate, replace, rotate, replace, rotate, rotate, replace, replace,
		rotate} {
		next(step)
	}
	l.awaitRound(m, len(paths))
	if got, want := len(m.paxos.Tokens()), 1+standbys+len(paths)+singles+10; got != want {
		t.Errorf("after 10 rotations Paxos has issued %d tokens, want %d: no reader needed a new one", got, want)
	}
	if live := len(m.live(own)); live != singles {
		t.Errorf("%d of %d tokens of the first generation live, 10 rotations later", live, singles)
	}
	m.endLeasesOf("single")
	m.awaitEnds(own, 30*time.Second)
	r.expectDraining()
	r.endRoles(names)
	r.promote()

	for _, step := range []func(){func() { r.replaceRoot(true) }, rotate, replace, rotate, replace, rotate, rotate} {
		next(step)
	}
	r.expectDraining()
	r.endRoles(names)
	next(r.promote)
	next(func() { r.replaceRoot(true) })
	l.awaitRound(m, len(paths))
	r.finish(l, names)
}

// roles creates the roles and returns the names of those that are read, and the paths to read.
func (m *mount) roles() (names, paths []string) {
	m.Helper()
	for i := range roles {
		name := fmt.Sprintf("role-%d", i)
		path, data := "token/", map[string]any{"scopes": scopesOfRoles[i%len(scopesOfRoles)], "ttl": "30s"}
		if i%leasedEvery == 0 {
			path, data["idle_ttl"] = "creds/", 0
		}
		m.write("roles/"+name, data)
		if i < primed {
			names, paths = append(names, name), append(paths, path+name)
		}
	}
	m.write("roles/single", map[string]any{"scopes": profiles, "unique_tokens": true, "ttl": "1h"})
	return names, paths
}

// finish ends the load and all tokens, and checks the results.
func (r *roots) finish(l *load, names []string) {
	r.Helper()
	l.stop()
	r.endLeases()
	r.told("all leases have ended")
	r.awaitEnds(l.leased, 30*time.Second)
	r.endRoles(names)
	r.await(tick, func() error { return r.generations(1) })
	r.told("one generation is left")
	r.expectDeleted()
	r.expectNoneIrrevocable()
	for i, err := range l.failed {
		if i < 5 {
			r.Logf("a read failed: %v", err)
		}
	}
	if len(l.failed) > 0 {
		r.Errorf("%d reads failed", len(l.failed))
	}
	if most := r.paxos.MostTokenRequestsInWindow(); most > 300 || r.paxos.Banned("127.0.0.1") {
		r.Errorf("%d token requests in 5 minutes", most)
	}
	if live := r.paxos.LiveTokens(); len(live) > 0 {
		r.Errorf("%d tokens live at Paxos: %v", len(live), live)
	}
	total := 0
	for _, count := range r.accepted {
		total += count
	}
	if total != 20 {
		r.Errorf("%d rotations, want 20", total)
	}
	r.Logf("%d rotations, %v, with %d roles of which %d are read: %s", total, r.accepted, roles, len(names), l.report())
	r.Logf("refused for the time being: %d while an earlier generation drained, %d for the limit of proofs; "+
		"%d old roots deleted at Paxos", r.draining, r.throttled, len(r.doomed))
	r.Logf("%d token requests in all, at most %d in any 5 minutes (Paxos bans above 300)", len(r.paxos.Tokens()),
		r.paxos.MostTokenRequestsInWindow())
}
