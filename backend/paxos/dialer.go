package paxos

import (
	"context"
	"net"
	"syscall"
	"time"
)

// dialTimeout is how long the TCP connection may take, and again the TLS handshake. The whole call has
// a deadline of its own.
const dialTimeout = 5 * time.Second

// dial connects to host:port, and checks the address after the name was resolved. Neither an
// operator's URL nor a changed DNS answer can then point Vault at itself or at a cloud's metadata
// service. It connects to a loopback address only if the host itself says loopback.
func dial(ctx context.Context, network, target string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(target)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{
		Timeout:   dialTimeout,
		KeepAlive: 30 * time.Second,
		Control: func(_, address string, _ syscall.RawConn) error {
			return checkAddress(address, isLoopback(host))
		},
	}
	return dialer.DialContext(ctx, network, target)
}
