package backend

import (
	"fmt"
	"time"

	"github.com/hashicorp/go-secure-stdlib/parseutil"

	"vault-plugin-secrets-paxos/backend/broker"
)

// bounds are between which a duration must lie, both included.
type bounds struct{ least, most time.Duration }

// durationBounds are those of parameters that mean the same on every path that takes them.
// checkInput holds the caller's value against them before anything reads it.
var durationBounds = map[string]bounds{
	"grace":         {0, broker.MaximumGrace},
	"poll_interval": {minimumPollInterval, maximumPollInterval},
}

// admit reports whether the value is a duration within the bounds.
func (b bounds) admit(value any) bool {
	if durationProblem(value) != "" {
		return false
	}
	d, err := parseutil.ParseDurationSecond(value)
	return err == nil && b.least <= d && d <= b.most
}

// String says what a value must be.
func (b bounds) String() string {
	return fmt.Sprintf("a duration such as 5m, or a number of seconds, between %s and %s", short(b.least),
		short(b.most))
}
