package report

import (
	"fmt"
	"slices"
	"strings"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// A Severity is how soon a finding should be looked at.
type Severity int

// The severities, the worst first.
const (
	High Severity = iota
	Medium
	Low
	Info
)

// severityNames are their names, in their order.
var severityNames = [...]string{"high", "medium", "low", "info"}

// Severities are all of them, the worst first.
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

// severityOf is how bad it is that somebody may have scopes of this risk who should not.
func severityOf(risk catalog.Risk) Severity {
	switch {
	case risk >= catalog.MovesMoney:
		return High
	case risk == catalog.Write:
		return Medium
	}
	return Low
}
