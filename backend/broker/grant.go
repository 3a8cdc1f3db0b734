package broker

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// skew is how much earlier than Paxos says a token counts as expired, so that a reader whose clock
// is a little slow never sends an expired one. For a token of less than two minutes it is a quarter
// of the token's life.
const skew = 30 * time.Second

// A lifetime must lie within these bounds. Paxos grants an hour. A token of less than
// minimumLifetime would have to be refreshed more often than a role may; one of more than
// maximumLifetime counts as if it were valid for that long.
const (
	minimumLifetime = 45 * time.Second
	maximumLifetime = 24 * time.Hour
)

// maximumToken is the longest token text that is accepted, in bytes.
const maximumToken = 8 << 10

// A Mismatch reports a grant that is not what was asked for. It names scopes, but never the token.
type Mismatch struct{ Reason string }

// Error says what is wrong with the grant.
func (m *Mismatch) Error() string { return "rejected the token that Paxos returned: " + m.Reason }

// checkGrant compares a grant with the scopes that were asked for and returns the scopes that were
// granted.
func checkGrant(grant paxos.Grant, asked []string) ([]string, error) {
	switch {
	case !printable(grant.AccessToken.Reveal()):
		return nil, &Mismatch{"it is empty, too long, or has characters that an HTTP header must not have"}
	case !strings.EqualFold(grant.TokenType, "bearer"):
		return nil, &Mismatch{"it is not a bearer token"}
	case grant.Lifetime == 0:
		return nil, &Mismatch{"the reply has no lifetime (expires_in) that can be read"}
	case grant.Lifetime < minimumLifetime:
		return nil, &Mismatch{fmt.Sprintf("its lifetime of %s is too short: it must be at least %s, so that "+
			"refreshes stay within Paxos's rate limit", grant.Lifetime, minimumLifetime)}
	}
	if grant.Scopes == nil { // RFC 6749, section 5.1: identical to those requested
		return asked, nil
	}
	want, got := ScopeSet(asked), ScopeSet(grant.Scopes)
	if missing := without(want, got); missing != "" {
		return nil, &Mismatch{"it lacks " + missing}
	}
	if surplus := without(got, want); surplus != "" {
		return nil, &Mismatch{"it has more scopes than were requested"} // their names are the other side's text
	}
	return grant.Scopes, nil
}

// usable is how long the granted token counts as valid.
func (b *Broker) usable(grant paxos.Grant) time.Duration {
	if grant.Lifetime > maximumLifetime {
		b.Logger.Warn("Paxos granted a token with a very long lifetime: it counts as valid for a day",
			"granted_seconds", int64(grant.Lifetime/time.Second), "believed_seconds",
			int64(maximumLifetime/time.Second))
	}
	lifetime := min(grant.Lifetime, maximumLifetime)
	return lifetime - min(skew, lifetime/4)
}

// printable reports whether text can stand unchanged in an Authorization header.
func printable(text string) bool {
	return text != "" && len(text) <= maximumToken &&
		!strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// without returns the scopes of a that b lacks. Both are normal forms.
func without(a, b string) string {
	has := strings.Fields(b)
	missing := slices.DeleteFunc(strings.Fields(a), func(scope string) bool { return slices.Contains(has, scope) })
	return strings.Join(missing, " ")
}
