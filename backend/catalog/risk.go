package catalog

import (
	"fmt"
	"slices"
	"strings"
)

// A Risk says how much harm the holder of a scope can do; a greater value is worse. Paxos does not
// grade its scopes: this project judges each one by the operations that it opens.
type Risk int

// The risks, from the least to the greatest.
const (
	Read       Risk = iota + 1 // sees data
	Write                      // changes records, but moves nothing of value
	MovesMoney                 // moves money, trades, or says where money goes
	Admin                      // governs the API credentials themselves
)

// riskNames holds the text of each risk, in the order of the constants.
var riskNames = [...]string{"read", "write", "moves-money", "admin"}

// String returns the text that ParseRisk reads, such as moves-money.
func (r Risk) String() string {
	if r < Read || r > Admin {
		return fmt.Sprintf("risk %d", int(r))
	}
	return riskNames[r-Read]
}

// ParseRisk reads a risk: read, write, moves-money or admin. Any other text, also one in another
// case, is an error that lists the four.
func ParseRisk(name string) (Risk, error) {
	i := slices.Index(riskNames[:], name)
	if i < 0 {
		return 0, fmt.Errorf("%.40q is not a risk: the risks are %s", name, strings.Join(riskNames[:], ", "))
	}
	return Read + Risk(i), nil
}
