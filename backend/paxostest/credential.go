package paxostest

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// The statuses of a credential, as the API Credentials API spells them.
const (
	statusApproved = "APPROVED"
	statusDisabled = "DISABLED"
)

// The ways a client may prove itself at the OAuth server. Each client has one.
const (
	authPost  = "client_secret_post"
	authBasic = "client_secret_basic"
)

// errUnknownCredential is what the dashboard answers about a Client ID it has never seen.
var errUnknownCredential = errors.New("unknown credential")

// errDuplicateCredential is what the dashboard answers when a chosen Client ID is taken.
var errDuplicateCredential = errors.New("credential already exists")

// A Credential is one set of API credentials as the Dashboard shows it: all but the secret.
type Credential struct {
	ID, CustomerID, ClientID, Nickname, Status string
	Scopes, IPAllowlist                        []string
	EnforceRequestSigning                      bool
	AuthMethod                                 string // client_secret_post (the default) or client_secret_basic
	CreatedAt, UpdatedAt                       time.Time
}

// A credential is a Credential with the hash of its secret.
type credential struct {
	Credential
	secretHash []byte
}

// clone returns a copy that shares nothing with c.
func (c Credential) clone() Credential {
	c.Scopes = slices.Clone(c.Scopes)
	c.IPAllowlist = slices.Clone(c.IPAllowlist)
	return c
}

// validate says what the Dashboard would not accept.
func (c Credential) validate() error {
	if c.Status != statusApproved && c.Status != statusDisabled {
		return fmt.Errorf("status %q is neither %s nor %s", c.Status, statusApproved, statusDisabled)
	}
	if c.AuthMethod != authPost && c.AuthMethod != authBasic {
		return fmt.Errorf("auth method %q is neither %s nor %s", c.AuthMethod, authPost, authBasic)
	}
	for _, entry := range c.IPAllowlist {
		if _, err := parseAllowed(entry); err != nil {
			return fmt.Errorf("IP allow-list: %w", err)
		}
	}
	return nil
}

// allows says whether the allow-list lets the IP in. An empty list lets everyone in.
func (c Credential) allows(ip string) bool {
	if len(c.IPAllowlist) == 0 {
		return true
	}
	address, err := netip.ParseAddr(ip)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(c.IPAllowlist, func(entry string) bool {
		prefix, err := parseAllowed(entry)
		return err == nil && prefix.Contains(address.Unmap())
	})
}

// parseAllowed reads one entry of an allow-list: a CIDR, or an address that stands for itself alone.
func parseAllowed(entry string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(entry); err == nil {
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	return netip.ParsePrefix(entry)
}
