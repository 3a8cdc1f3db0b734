package report

import (
	"fmt"
	"slices"
	"time"
)

// An Exception accepts the findings of one rule on one subject, for a time.
type Exception struct {
	Name       string // as in exceptions/<name>
	Rule       Rule
	Subject    string
	Reason     string
	By         string // who accepted them, in words
	AcceptedAt time.Time
	ExpiresAt  time.Time
	Accepted   []Acceptance
}

// An Acceptance is one finding as it was when somebody accepted it. A finding that has changed
// since then is not accepted.
type Acceptance struct {
	Severity string
	Evidence []string
	Basis    string // what else the acceptance depends on: of a role, which role it is and its scopes
}

// Acceptance returns the acceptance of the finding as it is.
func (f Finding) Acceptance() Acceptance {
	return Acceptance{Severity: f.Severity.String(), Evidence: append([]string{}, f.Evidence...), Basis: f.basis}
}

// of reports whether the finding is still as it was accepted.
func (a Acceptance) of(f Finding) bool {
	return a.Severity == f.Severity.String() && a.Basis == f.basis && slices.Equal(a.Evidence, f.Evidence)
}

// expired reports whether the time of the exception is over.
func (e Exception) expired(now time.Time) bool { return !now.Before(e.ExpiresAt) }

// about reports whether the exception is for findings of this rule and subject.
func (e Exception) about(f Finding) bool { return e.Rule == f.Rule && e.Subject == f.Subject }

// path is the path of the exception below the mount.
func (e Exception) path() string { return exceptionsPrefix + e.Name }

// An AcceptedFinding is a finding and the exception by which it is accepted.
type AcceptedFinding struct {
	Finding
	by Exception
}

// shown is the accepted finding as reports answer it.
func (a AcceptedFinding) shown() map[string]any {
	shown := a.Finding.shown()
	shown["exception"], shown["accepted_reason"], shown["accepted_by"] = a.by.path(), a.by.Reason, a.by.By
	shown["accepted_at"], shown["expires_at"] = timestamp(a.by.AcceptedAt), timestamp(a.by.ExpiresAt)
	return shown
}

// divide divides findings into those that are open and those that somebody accepted. The note of an
// open finding says why an exception for it does not hold.
func divide(findings []Finding, exceptions []Exception,
	now time.Time) (open []Finding, accepted []AcceptedFinding) {
	for _, f := range findings {
		var holds *Exception
		for i, e := range exceptions {
			switch {
			case !e.about(f):
			case e.expired(now):
				f.Note = fmt.Sprintf("%s expired at %s.", e.path(), timestamp(e.ExpiresAt))
			case !slices.ContainsFunc(e.Accepted, func(a Acceptance) bool { return a.of(f) }):
				f.Note = fmt.Sprintf("%s no longer applies: the finding is not what it was when it was accepted at %s.",
					e.path(), timestamp(e.AcceptedAt))
			default:
				holds = &exceptions[i]
			}
		}
		if holds == nil {
			open = append(open, f)
			continue
		}
		f.Note = ""
		accepted = append(accepted, AcceptedFinding{f, *holds})
	}
	return open, accepted
}
