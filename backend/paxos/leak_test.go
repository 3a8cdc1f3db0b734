package paxos_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// connections returns the stacks of the goroutines that serve client connections of net/http. The test
// that calls it is not parallel, so all of them are its own.
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

// TestNoGoroutineIsLeft ends calls in every way that might leave a connection open, and counts what is
// left while the server still holds its side.
func TestNoGoroutineIsLeft(t *testing.T) {
	h := impatient(t)
	for _, fault := range []paxostest.Fault{
		{}, {Hang: true}, {Body: "12345678",
			Drip: short}, {Truncate: true}, {Drop: true}, {Body: strings.Repeat("x", 1<<20)}, {Status: 500},
	} {
		h.FailNext(paxostest.TokenEndpoint, fault)
		_, _ = h.client.RequestToken(t.Context(), []string{"transfer:read"}) // other tests check the result
		h.FailNext(paxostest.Revoke, fault)
		_ = h.client.Revoke(t.Context(), paxos.Hide("opaque")) // as above
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
