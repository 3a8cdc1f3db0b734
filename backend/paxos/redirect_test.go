package paxos_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// calls are four calls of this package, by name.
var calls = map[string]struct {
	endpoint paxostest.Endpoint
	do       func(t *testing.T, h *harness) error
}{
	"minting": {paxostest.TokenEndpoint, func(t *testing.T, h *harness) error {
		_, err := h.client.RequestToken(t.Context(), []string{"transfer:read"})
		return err
	}},
	"revoking": {paxostest.Revoke, func(t *testing.T, h *harness) error {
		return h.client.Revoke(t.Context(), paxos.Hide("opaque"))
	}},
	"listing": {paxostest.ListCredentials, func(t *testing.T, h *harness) error {
		_, err := h.connection.ListCredentials(t.Context(), carrying("opaque"), atOnce)
		return err
	}},
	"deleting": {paxostest.DeleteCredentials, func(t *testing.T, h *harness) error {
		return h.connection.DeleteCredential(t.Context(), carrying("opaque"), "somebody")
	}},
}

// countConnections serves a valid grant and counts the requests for it.
func countConnections(t *testing.T) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `{"access_token":"stolen","token_type":"bearer","expires_in":3599}`)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return server, &connections
}

// TestRedirects checks that no reply makes a call go to another server, because the body of the request
// holds the secret.
func TestRedirects(t *testing.T) {
	t.Parallel()
	for name, call := range calls {
		for _, status := range []int{300, 301, 302, 303, 305, 307, 308} {
			t.Run(fmt.Sprintf("%s at %d", name, status), func(t *testing.T) {
				t.Parallel()
				other, connections := countConnections(t)
				h := newHarness(t, "transfer:read")
				h.FailAll(call.endpoint, paxostest.Fault{Status: status, Redirect: other.URL + "/oauth2/token"})
				failure := asError(t, call.do(t, h))
				if failure.Status != status || failure.Temporary() {
					t.Errorf("got %v (temporary: %v)", failure, failure.Temporary())
				}
				if n := connections.Load(); n != 0 {
					t.Errorf("the other server was called %d times", n)
				}
				if n := h.TotalCalls(); n != 1 {
					t.Errorf("Paxos was called %d times, want once", n)
				}
			})
		}
	}
}
