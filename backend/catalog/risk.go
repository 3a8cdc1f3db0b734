package catalog

import (
	"fmt"
	"slices"
	"strings"
)

// A Risk is how much harm the holder of a scope can do; the greater one is the worse. It is
// inferred from what the scope opens: Paxos grades nothing.
type Risk int

// The risks, from the least to the greatest.
const (
	Read       Risk = iota + 1 // sees
	Write                      // changes records, but moves nothing of value
	MovesMoney                 // moves money, trades, or says where money goes
	Admin                      // governs the API credentials themselves
)

// riskNames are how the risks are written, in their order.
var riskNames = [...]string{"read", "write", "moves-money", "admin"}

// String writes the risk as ParseRisk reads it.
func (r Risk) String() string {
	if r < Read || r > Admin {
		return fmt.Sprintf("risk %d", int(r))
	}
	return riskNames[r-Read]
}

// ParseRisk reads a risk: read, write, moves-money or admin.
func ParseRisk(name string) (Risk, error) {
	i := slices.Index(riskNames[:], name)
	if i < 0 {
		return 0, fmt.Errorf("%.40q is not a risk: the risks are %s", name, strings.Join(riskNames[:], ", "))
	}
	return Read + Risk(i), nil
}

// RiskOf is the risk of a scope. One that the catalogue lacks counts as MovesMoney, since nobody
// knows what it opens.
func RiskOf(scope string) Risk { return known().riskOf(scope) }

// riskOf is RiskOf in this catalogue.
func (c *catalogue) riskOf(scope string) Risk {
	if s, ok := c.scopeByName[scope]; ok {
		return s.Risk
	}
	return MovesMoney
}
