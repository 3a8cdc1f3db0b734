package broker_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// ours finds the goroutines that run code of the broker or the client. Other tests wait at their
// t.Parallel while this one, which has none, runs.
func ours() (stacks []string) {
	buffer := make([]byte, 8<<20)
	buffer = buffer[:runtime.Stack(buffer, true)]
	for stack := range strings.SplitSeq(string(buffer), "\n\n") {
		if strings.Contains(stack, "testing.(*T).Parallel") {
			continue
		}
		if strings.Contains(stack, "backend/broker.") || strings.Contains(stack, "backend/paxos.") ||
			strings.Contains(stack, "net/http.(*persistConn)") {
			stacks = append(stacks, stack)
		}
	}
	return stacks
}

// TestNoGoroutineIsLeft does everything that starts one, in the ways that could keep it, and counts
// what is left.
func TestNoGoroutineIsLeft(t *testing.T) {
	t.Run("scenario", func(t *testing.T) {
		h := newHarness(t)
		old := h.issue()
		ctx, cancel := context.WithCancel(t.Context())
		arrived, proceed := h.holdMint()
		leaving := h.issueAside(ctx, h.request(own)) // leaves while its own token is minted
		await(t, arrived, "the mint")
		cancel()
		await(t, leaving, "the reader who left")
		close(proceed)
		await(t, h.storage.deleted, "the end of the token")

		h.paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Status: 503})
		h.clock.until(old.RefreshAt)
		h.issue()
		h.log.await(t, "refreshing a token failed")
		h.clock.advance(time.Minute)
		h.issue()
		h.wantAlive(h.issue(choosy), true) // joins the refresh, or finds it done
		h.down(paxostest.Revoke)
		h.release(old)
		h.wantEnd(everything, 0, 2)
		h.paxos.Heal()
		h.sweep()
		h.wantCounts(h.mints(), h.revocations(), 0)
	})
	deadline := time.Now().Add(patience)
	for len(ours()) > 0 {
		if time.Now().After(deadline) {
			t.Fatalf("these are left:\n%s", strings.Join(ours(), "\n\n"))
		}
		runtime.Gosched()
	}
}
