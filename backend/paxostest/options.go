package paxostest

import (
	"fmt"
	"net"
	"time"
)

// Options configure a Server. The zero value is a server on a loopback port that behaves like Paxos.
type Options struct {
	// Address is the listen address, as host:port. Empty means 127.0.0.1:0, which picks a free port. An
	// address that is not loopback needs AllowRemote.
	Address string
	// AllowRemote allows an address that other machines can reach, and turns off the checks of the
	// headers Origin and Host in the control API.
	AllowRemote bool
	// Now is the clock of the server, by which tokens expire, the rate limit counts and bans end. Nil
	// means time.Now.
	Now func() time.Time
	// TokenLifetime is how long an access token is valid. Zero means one hour.
	TokenLifetime time.Duration
	// TokenLimit is how many token requests one IP address may send in any five minutes. Zero means
	// 300, a negative number means no limit.
	TokenLimit int
	// Signatures says which requests must be signed. Server.EnforceSignatures changes it later.
	Signatures Enforcement
	// TLS makes the server use https. Server.CACertificate returns the authority of its certificate.
	TLS bool
}

// withDefaults returns the options with the defaults in place of zero values.
func (o Options) withDefaults() Options {
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.TokenLifetime == 0 {
		o.TokenLifetime = time.Hour
	}
	if o.TokenLimit == 0 {
		o.TokenLimit = defaultTokenLimit
	}
	return o
}

// listen starts to listen on the address. It refuses one that other machines can reach, unless the
// options allow that.
func (o Options) listen() (net.Listener, error) {
	address, err := net.ResolveTCPAddr("tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("listen address: %w", err)
	}
	if !address.IP.IsLoopback() && !o.AllowRemote {
		return nil, fmt.Errorf("listen address %q is not loopback: anyone who reaches it controls the "+
			"sandbox; allow remote access to use it", o.Address)
	}
	return net.ListenTCP("tcp", address)
}
