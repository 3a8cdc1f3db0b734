package paxostest

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// The statuses of a credential, spelled as in the API Credentials API.
const (
	statusApproved = "APPROVED"
	statusDisabled = "DISABLED"
)

// How a client authenticates at the OAuth server, spelled as in OpenID Connect Discovery. Each client
// has one of them, and the server refuses the other.
const (
	authPost  = "client_secret_post"
	authBasic = "client_secret_basic"
)

// errUnknownCredential reports a Client ID that no credential has.
var errUnknownCredential = errors.New("unknown credential")

// errDuplicateCredential reports a Client ID that another credential has already.
var errDuplicateCredential = errors.New("credential already exists")

// A Credential is one set of API credentials as the Dashboard shows it, without the secret. ID,
// CustomerID, Status and the times are set by CreateCredential. EnforceRequestSigning has an effect
// only with an Enforcement. PublicKeys are changed by RegisterPublicKey and its siblings only.
type Credential struct {
	ID, CustomerID, ClientID, Nickname, Status string   // Status is APPROVED or DISABLED
	Scopes, IPAllowlist                        []string // addresses or CIDRs; empty: every address may call
	EnforceRequestSigning                      bool
	PublicKeys                                 []PublicKey
	AuthMethod                                 string // client_secret_post (the default) or client_secret_basic
	CreatedAt, UpdatedAt                       time.Time
}

// A credential is a Credential together with the hash of its secret.
type credential struct {
	Credential
	secretHash []byte
}

// clone returns a deep copy.
func (c Credential) clone() Credential {
	c.Scopes = slices.Clone(c.Scopes)
	c.IPAllowlist = slices.Clone(c.IPAllowlist)
	c.PublicKeys = slices.Clone(c.PublicKeys)
	return c
}

// validate returns an error for values that the Dashboard would not accept.
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

// allows reports whether the allow-list contains the IP address. An empty list allows every address.
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

// parseAllowed reads one entry of an allow-list: a CIDR, or a single address.
func parseAllowed(entry string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(entry); err == nil {
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	return netip.ParsePrefix(entry)
}
