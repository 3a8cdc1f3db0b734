package paxostest

import (
	"fmt"
	"net"
	"time"
)

// Options says how a Server differs from the default one; the zero value is a faithful Paxos on a
// loopback port.
type Options struct {
	// Address is the listen address. Empty means 127.0.0.1:0. One that is not loopback needs
	// AllowRemote.
	Address string
	// AllowRemote lets other machines connect, and lifts the origin and host checks of the control API.
	AllowRemote bool
	// Now is the clock of Paxos: it governs expiry, the rate window and the ban. Nil means time.Now.
	Now func() time.Time
	// TokenLifetime is how long an access token lives. Zero means one hour.
	TokenLifetime time.Duration
	// TokenLimit is how many token requests one IP may send in any five minutes. Zero means 300,
	// negative no limit.
	TokenLimit int
	// TLS serves https, with a certificate signed by a throw-away authority (see Server.CACertificate).
	TLS bool
}

// withDefaults returns the options with every zero value replaced by what it stands for.
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

// listen opens the listen address, and refuses one that others could reach unless the options allow it.
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
