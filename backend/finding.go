package backend

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/input"
)

// A severity is how soon a finding should be looked at.
type severity int

// The severities, the worst first.
const (
	high severity = iota
	medium
	low
	info
)

// severities are their names, in their order.
var severities = [...]string{"high", "medium", "low", "info"}

// String is the severity as reports show it.
func (s severity) String() string { return severities[s] }

// A finding is something that a security review should know.
type finding struct {
	Severity   severity
	Rule       rule
	Subject    string   // what it is about
	Reason     string   // why it matters
	Evidence   []string // what was seen: data, parts of which come from Paxos's Dashboard
	Fix        string   // harmless commands, or lines that begin with # where a person must act
	Suggestion string   // likewise, for what takes a function away from somebody
	Note       string   // why an exception for it does not hold
	basis      string   // what its acceptance depends on beside severity and evidence
}

// compareFindings is the order of findings: that of two reports is the same.
func compareFindings(a, z finding) int {
	return cmp.Or(
		cmp.Compare(a.Severity, z.Severity), cmp.Compare(a.Rule, z.Rule), strings.Compare(a.Subject, z.Subject),
		slices.Compare(a.Evidence, z.Evidence),
	)
}

// shown is the finding as reports answer it.
func (f finding) shown() map[string]any {
	return map[string]any{
		"severity": f.Severity.String(), "rule": string(f.Rule), "subject": f.Subject, "reason": f.Reason,
		"evidence": append([]string{}, f.Evidence...), "fix": f.Fix, "suggestion": f.Suggestion, "note": f.Note,
	}
}

// same tells whether a finding is one of another report.
func (f finding) same(other finding) bool { return compareFindings(f, other) == 0 }

// showFindings are all that are at least so severe, and how many there are of each
// severity.
func showFindings(all []finding, least severity) (shown []any, counts map[string]any) {
	counts = map[string]any{}
	for _, name := range severities {
		counts[name] = 0
	}
	shown = make([]any, 0, len(all))
	for _, f := range all {
		counts[f.Severity.String()] = counts[f.Severity.String()].(int) + 1
		if f.Severity <= least {
			shown = append(shown, f.shown())
		}
	}
	return shown, counts
}

// parseSeverity reads the least severity that somebody wants to see.
func parseSeverity(name string) (severity, error) {
	i := slices.Index(severities[:], name)
	if i < 0 {
		return 0, badRequest("severity must be %s", strings.Join(severities[:], ", "))
	}
	return severity(i), nil
}

// severityOf is how bad it is that somebody may have these scopes who should not.
func severityOf(risk catalog.Risk) severity {
	switch {
	case risk >= catalog.MovesMoney:
		return high
	case risk == catalog.Write:
		return medium
	}
	return low
}

// worst is the greatest risk among the scopes, 0 for none.
func worst(scopes []string) (risk catalog.Risk) {
	for _, scope := range scopes {
		risk = max(risk, catalog.RiskOf(scope))
	}
	return risk
}

// riskName is that risk in words, empty for no scopes.
func riskName(scopes []string) string {
	if len(scopes) == 0 {
		return ""
	}
	return worst(scopes).String()
}

// graded lists scopes with their risk, the worst first.
func graded(scopes []string) []string {
	sorted := slices.SortedFunc(slices.Values(scopes), func(a, z string) int {
		return cmp.Or(cmp.Compare(catalog.RiskOf(z), catalog.RiskOf(a)), strings.Compare(a, z))
	})
	for i, scope := range sorted {
		sorted[i] = scope + " (" + catalog.RiskOf(scope).String() + ")"
	}
	return sorted
}

// byHand is a fix that only a person can make, at Paxos.
func byHand(format string, values ...any) string {
	return "# in the Paxos Dashboard, Admin > API Management: " + fmt.Sprintf(format, values...)
}

// bareWord is what no shell takes for anything but a word.
var bareWord = regexp.MustCompile(`^[A-Za-z0-9_./:@,=+-]+$`)

// command is a vault command of these words, to be pasted into a shell.
func command(words ...string) string {
	line := "vault"
	for _, word := range words {
		if !bareWord.MatchString(word) {
			word = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
		line += " " + word
	}
	return line
}

// foreign makes text from Paxos's Dashboard fit to be shown, because its writer may mean
// to harm. What a terminal would obey, or a reader could not see, is replaced.
func foreign(text string) string {
	const most = input.MaximumScopeSize // characters
	clean := []rune(strings.ToValidUTF8(text, "\ufffd"))
	cut := len(clean) > most
	clean = clean[:min(len(clean), most)]
	for i, r := range clean {
		if !unicode.IsGraphic(r) || unicode.Is(unicode.Zs, r) && r != ' ' {
			clean[i] = '\ufffd'
		}
	}
	if cut {
		return string(clean) + "…"
	}
	return string(clean)
}
