package broker_test

import (
	"fmt"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
)

// TestRestartsDoNotRefillTheBudget reads and ends tokens of one's own, with a new process after every tenth: no window
// may hold more than one budget of requests, and what is kept for that holds no token and goes in the end.
func TestRestartsDoNotRefillTheBudget(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for i := range 600 {
		if i%10 == 0 {
			h.restart()
		}
		if issued, err := h.Issue(t.Context(), h.request(own)); err == nil {
			h.release(issued)
		}
		h.clock.advance(time.Second)
	}
	if most := h.paxos.MostCallsInWindow(); most != broker.DefaultBudget/2 {
		t.Errorf("%d requests in a window, want %d", most, broker.DefaultBudget/2)
	}
	h.sweep()
	for fingerprint, row := range h.storage.rows {
		if row.Ended == (row.Token != "") {
			t.Errorf("%s: ended: %v, and its text is kept: %v", fingerprint, row.Ended, row.Token != "")
		}
	}
	if live, err := h.Live(t.Context()); err != nil || len(live) != h.storage.size() {
		t.Errorf("%d tokens live, %d on record: %v", len(live), h.storage.size(), err)
	}
	h.clock.advance(window)
	h.sweep() // ends what the pace left
	h.clock.advance(window)
	h.sweep()
	if len(h.storage.rows) != 0 {
		t.Errorf("%d records are left", len(h.storage.rows))
	}
}

// TestNarrowedSets checks that at most eight subsets of a role's scopes have live tokens, that those go on, and that
// there is room again when one has ended.
func TestNarrowedSets(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for i := range 8 {
		row := broker.Row{
			Fingerprint: fmt.Sprint("subset-", i), Token: fmt.Sprint("token-", i), Narrowed: true, RoleName: "role", ClientID: h.client.ID(),
			Key:      broker.Key{Role: "role-id", Connection: "connection", Leased: true, Scopes: fmt.Sprint("subset:", i)},
			MintedAt: h.clock.Now(), ExpiresAt: h.clock.Now().Add(time.Hour - time.Duration(i)*time.Minute),
		}
		h.storage.set(func(s *storage) { s.rows[row.Fingerprint] = row })
	}
	narrowed := func(req *broker.Request) { req.Narrowed, req.Scopes = true, []string{writes} }
	_, err := h.Issue(t.Context(), h.request(narrowed))
	if got := wantThrottled(t, err).RetryAfter; got != 53*time.Minute || h.mints() != 0 {
		t.Errorf("told to come back in %s after %d mints", got, h.mints())
	}
	seventh := func(req *broker.Request) { req.Narrowed, req.Scopes = true, []string{"subset:7"} }
	if issued := h.issue(seventh); issued.Fingerprint != "subset-7" {
		t.Errorf("got %s", issued.Fingerprint)
	}
	h.issue() // all of the role's scopes
	h.issue(narrowed, role("other"))
	h.clock.advance(53 * time.Minute)
	if issued := h.issue(narrowed, func(req *broker.Request) { req.MinimumLife = 0 }); !issued.MintedAt.Equal(h.clock.Now()) {
		t.Error("there is no room for another subset when one has ended")
	}
}
