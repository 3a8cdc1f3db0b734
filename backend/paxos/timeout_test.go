package paxos_test

import (
	"context"
	"net"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// short is a timeout that a test can wait for. A call that takes longer than patience has not kept
// it.
const (
	short    = 100 * time.Millisecond
	patience = 8 * time.Second
)

// impatient returns a harness whose client has a short timeout.
func impatient(t *testing.T) *harness {
	t.Helper()
	h := newHarness(t, "transfer:read")
	h.connection = connect(t, paxos.Settings{Endpoints: endpoints(h.URL()), Timeout: short})
	h.client = h.connection.Client(h.credential.ClientID, paxos.Hide(h.secret))
	return h
}

// TestTimeout checks that every call ends in time, at whatever point the server stops answering.
func TestTimeout(t *testing.T) {
	t.Parallel()
	for name, call := range calls {
		for cause, fault := range map[string]paxostest.Fault{
			"never answers":             {Hang: true},
			"sends a byte at a time":    {Body: `{"access_token":"opaque","token_type":"bearer"}`, Drip: short},
			"answers after the timeout": {Delay: 10 * patience},
		} {
			t.Run(name+" where Paxos "+cause, func(t *testing.T) {
				t.Parallel()
				h := impatient(t)
				h.FailAll(call.endpoint, fault)
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				failure := asError(t, call.do(t, h))
				if failure.Status != 0 || failure.Reason != "no answer in time" || !failure.Temporary() {
					t.Errorf("got %v", failure)
				}
				if failure.Waited != short || failure.Unreachable || failure.Host == "" {
					t.Errorf("it says that %s was waited for %s, unreachable %v", failure.Host, failure.Waited,
						failure.Unreachable)
				}
				if ctx.Err() != nil {
					t.Error("it took too long")
				}
			})
		}
	}
}

// TestSilentHandshake checks the timeout with a server that accepts connections and sends nothing.
func TestSilentHandshake(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0") // the kernel accepts the connection
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	connection := connect(t,
		paxos.Settings{Endpoints: endpoints("https://" + listener.Addr().String()), Timeout: short})
	_, err = connection.Client("id", paxos.Hide("secret")).RequestToken(t.Context(), nil)
	if failure := asError(t, err); failure.Reason != "no answer in time" {
		t.Errorf("got %v", failure)
	}
}

// TestRefusedConnection checks the error for a port that no process listens on.
func TestRefusedConnection(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	connection := connect(t, paxos.Settings{Endpoints: endpoints("http://" + address)})
	_, err = connection.Client("id", paxos.Hide("secret")).RequestToken(t.Context(), nil)
	if failure := asError(t, err); failure.Reason != "connection refused" || !failure.Temporary() ||
		!failure.Unreachable || failure.Waited != 0 {
		t.Errorf("got %v", failure)
	}
}

// TestCancelledCaller checks that a call returns soon after its context was cancelled, with an *Error
// as always.
func TestCancelledCaller(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "transfer:read")
	ctx, cancel := context.WithCancel(t.Context())
	h.FailAll(paxostest.TokenEndpoint, paxostest.Fault{Rewrite: func(map[string]any) { cancel() }, Drip: time.Minute})
	_, err := h.client.RequestToken(ctx, []string{"transfer:read"})
	if failure := asError(t, err); failure.Status != 0 {
		t.Errorf("got %v", failure)
	}
}
