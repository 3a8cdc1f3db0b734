package paxos

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// errForbiddenAddress reports that a host name led to an address that no Paxos
// endpoint can have.
var errForbiddenAddress = errors.New("the host resolves to an address that is never dialled (loopback, " +
	"link-local, metadata, multicast or unspecified)")

// dialTimeout bounds the TCP connection alone; the whole call has its own deadline.
const dialTimeout = 5 * time.Second

// nat64 embeds an IPv4 address in its last 32 bits (RFC 6052): what it leads to
// is judged by that address.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// dial connects to host:port and looks at the address it is about to use after the
// name was resolved, so that neither an operator's URL nor a changed DNS answer
// can point Vault at itself or at a cloud's metadata service. Loopback is reached
// only where the name itself says loopback.
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

// checkAddress judges one resolved host:port.
func checkAddress(address string, allowLoopback bool) error {
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: not an address", errForbiddenAddress)
	}
	ip := target.Addr().Unmap().WithZone("")
	if nat64.Contains(ip) {
		raw := ip.As16()
		ip = netip.AddrFrom4([4]byte(raw[12:]))
	}
	switch {
	case ip.IsLoopback() && allowLoopback:
		return nil
	case ip.IsLoopback(), ip.IsUnspecified(), ip.IsMulticast(), ip.IsLinkLocalUnicast(), isMetadata(ip):
		return errForbiddenAddress
	}
	return nil
}

// isMetadata knows the instance metadata services that are not link-local:
// AWS's IPv6 address and Alibaba's and Azure's well-known ones.
func isMetadata(ip netip.Addr) bool {
	switch ip.String() {
	case "fd00:ec2::254", "100.100.100.200", "168.63.129.16":
		return true
	}
	return false
}
