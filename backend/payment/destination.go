package payment

import (
	"errors"
	"strings"
)

// The kinds of destinations.
const (
	crypto  = "crypto"
	fiat    = "fiat"
	profile = "profile"
)

// stellar is the network on which the memo says whose account it is: many customers of an exchange
// share an address there.
const stellar = "STELLAR"

// memoMark separates the memo from the address in the text of a destination.
const memoMark = "?memo="

// A Destination is where money goes. The zero value is nowhere.
type Destination struct {
	Kind    string // crypto, fiat or profile
	Network string // only for crypto; POLYGON and POLYGON_POS are two networks here
	ID      string // the address, or the id of the fiat account or the profile
	Memo    string // only on STELLAR; empty if there is none
}

// String returns crypto:<network>:<address>, fiat:<id> or profile:<id>, with ?memo=<memo> after an
// address that has one. The zero value is empty.
func (d Destination) String() string {
	switch {
	case d.Kind == "":
		return ""
	case d.Kind != crypto:
		return d.Kind + ":" + d.ID
	case d.Memo == "":
		return crypto + ":" + d.Network + ":" + d.ID
	}
	return crypto + ":" + d.Network + ":" + d.ID + memoMark + d.Memo
}

// ParseDestination reads an entry that an operator wrote, in the form of String. An address may have
// colons. The error does not name the parameter.
func ParseDestination(entry string) (Destination, error) {
	kind, rest, _ := strings.Cut(entry, ":")
	d := Destination{Kind: kind, ID: rest}
	memo, hasMemo := "", false
	switch kind {
	case crypto:
		d.Network, d.ID, _ = strings.Cut(rest, ":")
		d.ID, memo, hasMemo = strings.Cut(d.ID, memoMark)
	case fiat, profile:
	default:
		return Destination{}, errors.New("must be crypto:<network>:<address>, fiat:<id> or profile:<id>")
	}
	switch {
	case kind == crypto && !isName(d.Network):
		return Destination{}, errors.New("must name the network, as in crypto:ETHEREUM:<address>")
	case !isPlain(d.ID) || strings.Contains(d.ID, "?"):
		return Destination{}, errors.New("must end in an address or id that has printable characters only, and no space or ?")
	case hasMemo && !takesMemo(d.Network):
		return Destination{}, errors.New("must have no memo: a memo is checked only on STELLAR")
	case hasMemo && memo == "":
		return Destination{}, errors.New("must have a memo after ?memo=")
	}
	d.Memo = memo
	return d, nil
}

// takesMemo reports whether a destination on the network includes a memo. The network may have a
// spelling that Paxos might take for STELLAR.
func takesMemo(network string) bool { return strings.EqualFold(network, stellar) }

// is reports whether two destinations are the same one. Everything is compared byte for byte, but
// hexadecimal digits after 0x are compared regardless of case, which is only a checksum there.
func (d Destination) is(other Destination) bool {
	if d.Kind != other.Kind || d.Network != other.Network || d.Memo != other.Memo {
		return false
	}
	if d.ID == other.ID {
		return true
	}
	return d.Kind == crypto && isHexadecimal(d.ID) && isHexadecimal(other.ID) && strings.EqualFold(d.ID, other.ID)
}

// isHexadecimal reports whether an address is 0x and hexadecimal digits.
func isHexadecimal(address string) bool {
	digits, ok := strings.CutPrefix(address, "0x")
	return ok && strings.Trim(digits, "0123456789abcdefABCDEF") == ""
}
