package paxos

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// errForbiddenAddress reports that a host name resolves to an address that no endpoint of Paxos can
// have.
var errForbiddenAddress = errors.New("the host resolves to an address that this plugin never connects to (loopback, " +
	"link-local, metadata, multicast or unspecified)")

// isLoopback reports whether a host is localhost or a loopback address by its text alone. Any other
// name may resolve to a loopback address too, and dial refuses that.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// checkAddress returns errForbiddenAddress for a resolved address, as ip:port, that must not be
// called: loopback unless it is allowed, link-local, multicast, unspecified, or a cloud's metadata
// service.
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

// nat64 is the prefix of addresses that lead to the IPv4 address in their last 32 bits (RFC 6052,
// section 2.1), so that one must be checked.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// isMetadata reports whether the address is that of a cloud's metadata service which is not
// link-local: AWS's over IPv6, Alibaba's, and Azure's. They hand out credentials of the machine.
func isMetadata(ip netip.Addr) bool {
	switch ip.String() {
	case "fd00:ec2::254", "100.100.100.200", "168.63.129.16":
		return true
	}
	return false
}
