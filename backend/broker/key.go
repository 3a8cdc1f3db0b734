package broker

import (
	"slices"
	"strings"
)

// A Key says which readers may share a token. Two requests with equal keys get the same token, two
// requests with different keys never do.
type Key struct {
	// the role's own random id, so that a role made again under an old name inherits nothing
	Role       string `json:"role"`
	Client     string `json:"client"`     // the stored client that mints; empty for the root
	Connection string `json:"connection"` // fingerprint of where it mints
	Scopes     string `json:"scopes"`     // a ScopeSet
	Leased     bool   `json:"leased"`     // leased and unleased readers never share: a lease's end may end the token
}

// ScopeSet is the normal form of a set of scopes: sorted, without repetition, and delimited by
// spaces as in RFC 6749, section 3.3.
func ScopeSet(scopes []string) string {
	sorted := slices.Sorted(slices.Values(scopes))
	return strings.Join(slices.Compact(sorted), " ")
}

// flight names the one token request that may be under way for a key.
func (k Key) flight() string {
	leased := "unleased"
	if k.Leased {
		leased = "leased"
	}
	return strings.Join([]string{k.Role, k.Client, k.Connection, k.Scopes, leased}, "\x00")
}
