package report

import (
	"fmt"
	"slices"
)

// A Review collects findings. Two reviews of the same facts find the same.
type Review struct {
	*Facts
	callers  callers
	findings []Finding
	basis    string // of the findings that are being added
}

// add adds a finding with a fix: what restores a promise and takes nothing away.
func (r *Review) add(severity Severity, rule Rule, subject, reason, fix string, evidence ...string) {
	r.suggest(severity, rule, subject, reason, fix, "", evidence...)
}

// suggest adds a finding with a suggestion: what takes a function away from somebody,
// and so is for a person to decide. fix is the harmless way, if there is one.
func (r *Review) suggest(severity Severity, rule Rule, subject, reason, fix, suggestion string, evidence ...string) {
	r.findings = append(r.findings, Finding{
		Severity: severity, Rule: rule, Subject: subject, Reason: reason, Evidence: evidence, Fix: fix,
		Suggestion: suggestion, basis: r.basis,
	})
}

// patch is the command that changes settings of a path of the mount.
func (r *Review) patch(path string, settings ...string) string {
	return command(append([]string{"patch", r.Mount + path}, settings...)...)
}

// callers are, for each client, the roles whose readers get its tokens or the client itself.
type callers map[string][]string

// callersOf finds them.
func callersOf(roles []Role) callers {
	all := callers{}
	for _, r := range roles {
		names := r.Clients
		if !r.LeasesClients {
			names = []string{r.Client}
		}
		for _, name := range names {
			if !r.Disabled {
				all[name] = append(all[name], rolesPrefix+r.Name)
			}
		}
	}
	return all
}

// Findings are all of them in their order, each once.
func (r *Review) Findings() []Finding {
	slices.SortFunc(r.findings, compareFindings)
	r.findings = slices.CompactFunc(r.findings, Finding.Same)
	return r.findings
}

// Merged are the findings of several reviews in their order, each once.
func Merged(reviews ...*Review) []Finding {
	var all Review
	for _, r := range reviews {
		all.findings = append(all.findings, r.findings...)
	}
	return all.Findings()
}

// Divided are the findings that are open, those on exceptions among them, and those that somebody
// accepted.
func (r *Review) Divided() (open []Finding, accepted []AcceptedFinding) {
	for _, e := range r.Exceptions {
		if !e.expired(r.Now) {
			continue
		}
		r.suggest(Low, ruleExceptionEnded, e.path(), "The exception has expired: what it accepted is open again",
			"# review the finding, then accept it again or delete the exception\n"+
				command("write", r.Mount+e.path(), "expires_at=90d"),
			command("delete", r.Mount+e.path()), "rule="+string(e.Rule), "subject="+e.Subject,
			"expires_at="+timestamp(e.ExpiresAt))
	}
	return divide(r.Findings(), r.Exceptions, r.Now)
}

// Answer is the part of the answer that all reports share. It shows findings that are at least so
// severe.
func (r *Review) Answer(least Severity) map[string]any {
	open, accepted := r.Divided()
	findings, counts := showFindings(open, least)
	shown := make([]any, 0, len(accepted))
	for _, a := range accepted {
		if a.Severity <= least {
			shown = append(shown, a.shown())
		}
	}
	return map[string]any{
		"findings": findings, "counts": counts, "accepted": shown, "accepted_count": len(accepted),
		"compared_at": timestamp(r.List.At), "listed_at": timestamp(r.List.ListedAt),
	}
}

// some are the first of the names, and how many more there are.
func some(names []string) []string {
	const most = 10
	sorted := slices.Sorted(slices.Values(names))
	if more := len(sorted) - most; more > 0 {
		return append(sorted[:most:most], fmt.Sprintf("and %d more", more))
	}
	return sorted
}
