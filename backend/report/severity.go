package report

import (
	"fmt"
	"slices"
	"strings"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// A Severity says how soon somebody should look at a finding. A smaller one is worse.
type Severity int

// The severities, the worst first.
const (
	High Severity = iota
	Medium
	Low
	Info
)

// severityNames holds the name of each severity, in the order of the constants.
var severityNames = [...]string{"high", "medium", "low", "info"}

// Severities are all severities, the worst first.
func Severities() []Severity { return []Severity{High, Medium, Low, Info} }

// String is the severity as reports show it.
func (s Severity) String() string { return severityNames[s] }

// ParseSeverity reads the least severity that somebody wants to see.
func ParseSeverity(name string) (Severity, error) {
	i := slices.Index(severityNames[:], name)
	if i < 0 {
		return 0, fmt.Errorf("severity must be %s", strings.Join(severityNames[:], ", "))
	}
	return Severity(i), nil
}

// severityOf is the severity of a finding that somebody may have scopes of this risk without a need.
func severityOf(risk catalog.Risk) Severity {
	switch {
	case risk >= catalog.MovesMoney:
		return High
	case risk == catalog.Write:
		return Medium
	}
	return Low
}
