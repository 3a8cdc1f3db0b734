package paxos

import (
	"errors"
	"net"
	"testing"
)

// TestDialChecksResolvedAddress checks that the resolved address decides, not the name: the same port
// can be reached by a name that says loopback, and not by one that only resolves to loopback.
func TestDialChecksResolvedAddress(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for host, reached := range map[string]bool{
		"127.0.0.1": true, "localhost": true, "LocalHost": true, "::ffff:127.0.0.1": true,
		"0.0.0.0": false, "::": false, "": false,
	} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			connection, err := dial(t.Context(), "tcp", net.JoinHostPort(host, port))
			if err == nil {
				_ = connection.Close()
			}
			if reached != (err == nil) || !reached && !errors.Is(err, errForbiddenAddress) {
				t.Errorf("got %v, want it reached: %v", err, reached)
			}
		})
	}
}
