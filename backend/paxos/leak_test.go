package paxos_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// connections finds the goroutines of net/http's client connections. Other tests wait at their
// t.Parallel while the one that asks, which has none, runs.
func connections() (stacks []string) {
	buffer := make([]byte, 8<<20)
	buffer = buffer[:runtime.Stack(buffer, true)]
	for stack := range strings.SplitSeq(string(buffer), "\n\n") {
		if strings.Contains(stack, "net/http.(*persistConn)") || strings.Contains(stack, "net/http.(*Transport)") {
			stacks = append(stacks, stack)
		}
	}
	return stacks
}

// TestNoGoroutineIsLeft ends calls in every way that could keep their connection, and counts what
// is left while Paxos still holds its side.
func TestNoGoroutineIsLeft(t *testing.T) {
	h := impatient(t)
	for _, fault := range []paxostest.Fault{
		{}, {Hang: true}, {Body: "12345678",
			Drip: short}, {Truncate: true}, {Drop: true}, {Body: strings.Repeat("x", 1<<20)}, {Status: 500},
	} {
		h.FailNext(paxostest.TokenEndpoint, fault)
		_, _ = h.client.Mint(t.Context(), []string{"transfer:read"}) // how it ends is tested elsewhere
		h.FailNext(paxostest.Revoke, fault)
		_ = h.client.Revoke(t.Context(), paxos.Hide("opaque")) // likewise
	}
	h.connection.Close()
	deadline := time.Now().Add(patience)
	for len(connections()) > 0 {
		if time.Now().After(deadline) {
			t.Fatalf("these are left:\n%s", strings.Join(connections(), "\n\n"))
		}
		runtime.Gosched()
	}
}
