package broker

import (
	"fmt"
	"strings"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// skew is how much earlier than Paxos says a token counts as expired, so that a
// reader with a clock a little behind never sends a dead one.
const skew = 30 * time.Second

// maximumLifetime is the longest life that is believed. Paxos grants an hour; a
// reply that grants more than a day is not Paxos's.
const maximumLifetime = 24 * time.Hour

// maximumToken is the longest token text that is accepted, in bytes.
const maximumToken = 8 << 10

// A Mismatch reports a grant that is not what was asked for. It names scopes,
// never the token.
type Mismatch struct{ Reason string }

// Error says what is wrong with the grant.
func (m *Mismatch) Error() string { return "what Paxos granted was refused: " + m.Reason }

// verify judges a grant against the scopes asked for and returns the scopes granted.
func verify(grant paxos.Grant, asked []string) ([]string, error) {
	switch {
	case !printable(grant.AccessToken.Reveal()):
		return nil, &Mismatch{"the token is empty, too long or holds characters that no header may"}
	case !strings.EqualFold(grant.TokenType, "bearer"):
		return nil, &Mismatch{"the token is not a bearer token"}
	case grant.Lifetime == 0:
		return nil, &Mismatch{"the reply names no lifetime that can be read"}
	case grant.Lifetime < skew+time.Second || grant.Lifetime > maximumLifetime:
		return nil, &Mismatch{fmt.Sprintf("a lifetime of %s; between %s and %s is accepted", grant.Lifetime, skew+time.Second, maximumLifetime)}
	}
	if grant.Scopes == nil { // RFC 6749, section 5.1: identical to those requested
		return asked, nil
	}
	want, got := ScopeSet(asked), ScopeSet(grant.Scopes)
	if missing := without(want, got); missing != "" {
		return nil, &Mismatch{"these scopes are missing: " + missing}
	}
	if surplus := without(got, want); surplus != "" {
		return nil, &Mismatch{"it holds more scopes than were asked for"} // their names are the other side's text
	}
	return grant.Scopes, nil
}

// printable reports whether text can stand in an Authorization header as it is.
func printable(text string) bool {
	return text != "" && len(text) <= maximumToken &&
		!strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// without returns the scopes of a that b lacks, both normal forms.
func without(a, b string) string {
	has := map[string]bool{}
	for _, scope := range strings.Fields(b) {
		has[scope] = true
	}
	var missing []string
	for _, scope := range strings.Fields(a) {
		if !has[scope] {
			missing = append(missing, scope)
		}
	}
	return strings.Join(missing, " ")
}
