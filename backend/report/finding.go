package report

import (
	"cmp"
	"slices"
	"strings"
)

// A Finding is something that a security review should know.
type Finding struct {
	Severity   Severity
	Rule       Rule
	Subject    string   // what it is about, such as "roles/pay" or "client root"
	Reason     string   // why it matters
	Evidence   []string // what was seen: data, parts of which come from Paxos's Dashboard
	Fix        string   // harmless commands, or lines that begin with # where a person must act
	Suggestion string   // likewise, for what takes a function away from somebody
	Note       string   // why an exception for it does not hold
	basis      string   // what its acceptance depends on besides severity and evidence
}

// compareFindings orders findings by severity, and findings of the same severity so that two
// reports of the same facts are equal.
func compareFindings(a, z Finding) int {
	return cmp.Or(
		cmp.Compare(a.Severity, z.Severity), cmp.Compare(a.Rule, z.Rule), strings.Compare(a.Subject, z.Subject),
		slices.Compare(a.Evidence, z.Evidence),
	)
}

// Same reports whether a finding of another report says the same.
func (f Finding) Same(other Finding) bool { return compareFindings(f, other) == 0 }

// shown is the finding as reports answer it.
func (f Finding) shown() map[string]any {
	return map[string]any{
		"severity": f.Severity.String(), "rule": string(f.Rule), "subject": f.Subject, "reason": f.Reason,
		"evidence": append([]string{}, f.Evidence...), "fix": f.Fix, "suggestion": f.Suggestion, "note": f.Note,
	}
}

// showFindings are the findings of at least this severity, as reports answer them, and the number
// of all findings by severity.
func showFindings(all []Finding, least Severity) (shown []any, counts map[string]any) {
	counts = map[string]any{}
	for _, name := range severityNames {
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
