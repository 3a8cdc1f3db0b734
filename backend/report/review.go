package report

import (
	"fmt"
	"slices"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// A Review collects findings. Two reviews of the same facts find the same.
type Review struct {
	*Facts
	callers  callers
	holds    holdings
	by       byClient
	grants   grants
	paying   []catalog.Operation
	findings []Finding
	basis    string // the basis of the findings that are being added
}

// newReview begins a review with the findings that both reports have: those on the clients that the
// mount stores.
func newReview(f *Facts) *Review {
	r := &Review{Facts: f, callers: callersOf(f.Roles), holds: holdsOf(f), by: groupByClient(f)}
	r.grants, r.paying = grantsOf(f, r.holds), paying(f)
	for _, c := range f.Clients {
		r.client(c)
	}
	r.comparability()
	return r
}

// add adds a finding with a fix, which restores what was promised and takes nothing away from anybody.
func (r *Review) add(severity Severity, rule Rule, subject, reason, fix string, evidence ...string) {
	r.suggest(severity, rule, subject, reason, fix, "", evidence...)
}

// suggest adds a finding with a suggestion. What it suggests takes a function away from somebody,
// so a person must decide. fix is what can be done without harm, "" if there is nothing.
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

// callers are the roles whose readers get tokens of a client or the client itself, by the name of
// the client.
type callers map[string][]string

// callersOf finds the callers of each client. Nobody reads a disabled role.
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

// Findings are all findings in their order, each once.
func (r *Review) Findings() []Finding {
	slices.SortFunc(r.findings, compareFindings)
	r.findings = slices.CompactFunc(r.findings, Finding.Same)
	return r.findings
}

// Merged are the findings of several reviews in their order, each once. The reports share some.
func Merged(reviews ...*Review) []Finding {
	var all Review
	for _, r := range reviews {
		all.findings = append(all.findings, r.findings...)
	}
	return all.Findings()
}

// Divided are the findings that are open and those that somebody accepted. Findings on expired
// exceptions are among the open ones.
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

// Answer is the part of the answer that all reports share. It shows the findings of at least this
// severity.
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

// some are the first ten of the names, and how many more there are.
func some(names []string) []string {
	const most = 10
	sorted := slices.Sorted(slices.Values(names))
	if more := len(sorted) - most; more > 0 {
		return append(sorted[:most:most], fmt.Sprintf("and %d more", more))
	}
	return sorted
}
