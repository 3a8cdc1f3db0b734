package input

import (
	"fmt"
	"time"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
)

// Bounds are the least and the greatest value that a duration may have.
type Bounds struct{ Least, Most time.Duration }

// Admits reports whether the value is a duration within the bounds.
func (b Bounds) Admits(value any) bool {
	if durationProblem(value) != "" {
		return false
	}
	d, err := parseutil.ParseDurationSecond(value)
	return err == nil && b.Least <= d && d <= b.Most
}

// String says what a value must be, for an error that begins with "<parameter> must be".
func (b Bounds) String() string {
	return fmt.Sprintf("a duration such as 5m, or a number of seconds, between %s and %s", Short(b.Least),
		Short(b.Most))
}
