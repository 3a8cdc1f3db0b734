package backend

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/report"
	"vault-plugin-secrets-paxos/backend/store"
)

// Limits on an exception.
const (
	shortestException = time.Hour // of one that is written as a duration
	longestException  = 365 * 24 * time.Hour
	longestReason     = 1024 // bytes
)

// An exception accepts the findings of one rule on one subject until it expires.
type exception struct {
	store.Versioned
	Rule        report.Rule  `json:"rule"`
	Subject     string       `json:"subject"`
	Reason      string       `json:"reason"`
	ExpiresAt   time.Time    `json:"expires_at"`
	CreatedAt   time.Time    `json:"created_at"`
	AcceptedAt  time.Time    `json:"accepted_at"` // when it was last written
	DisplayName string       `json:"display_name"`
	EntityID    string       `json:"entity_id"`
	Accepted    []acceptance `json:"accepted"`
}

// An acceptance describes one finding as it was when somebody accepted it. If the finding changes,
// for example because it becomes more severe, the acceptance does not apply to it any more.
type acceptance struct {
	Severity string   `json:"severity"`
	Evidence []string `json:"evidence"`
	Basis    string   `json:"basis,omitempty"`
}

// expired reports whether the exception has expired at now.
func (e exception) expired(now time.Time) bool { return !now.Before(e.ExpiresAt) }

// by says in words who wrote the exception.
func (e exception) by() string {
	if e.EntityID == "" {
		return e.DisplayName
	}
	return strings.TrimSpace(e.DisplayName + " (entity " + e.EntityID + ")")
}

// change applies the parameters of a request to the exception, and returns an error for the caller
// if the result is not allowed. The first write fixes rule and subject.
func (e *exception) change(d *framework.FieldData, now time.Time) error {
	first := e.CreatedAt.IsZero()
	before := *e
	name, subject := string(e.Rule), e.Subject
	input.Patch(d, "rule", &name)
	input.Patch(d, "subject", &subject)
	input.Patch(d, "reason", &e.Reason)
	e.Rule, e.Subject, e.Reason = report.Rule(name), subject, strings.TrimSpace(e.Reason)
	switch {
	case !slices.Contains(report.AcceptableRules(), name):
		return fault.BadRequest("rule must be one of: %s.", strings.Join(report.AcceptableRules(), ", "))
	case e.Subject == "":
		return fault.BadRequest("subject must be the subject of a finding, exactly as the report shows it.")
	case !first && (e.Rule != before.Rule || e.Subject != before.Subject):
		return fault.BadRequest("rule and subject cannot be changed. Delete this exception and write another.")
	case e.Reason == "" || len(e.Reason) > longestReason:
		return fault.BadRequest("reason must say why the finding is accepted, in 1 to %d bytes.", longestReason)
	}
	if until, ok := input.Given[string](d, "expires_at"); ok || first {
		end, err := parseExpiry(until, now)
		if err != nil {
			return err
		}
		e.ExpiresAt = end
	}
	if e.expired(now) {
		return fault.BadRequest("expires_at has passed. Write a new expires_at.")
	}
	return nil
}

// parseExpiry parses the time at which an exception expires: an RFC 3339 time, or a duration from
// now.
func parseExpiry(text string, now time.Time) (time.Time, error) {
	end, err := time.Parse(time.RFC3339, text)
	if err != nil {
		length, lengthErr := parseutil.ParseDurationSecond(text)
		if lengthErr != nil || text == "" || length > longestException {
			length = -1 // refused below, with a time in the past
		}
		end = now.Add(length)
		if length > 0 && length < shortestException {
			return end, fault.BadRequest("expires_at must be at least one hour from now. A number is seconds: for 90 " +
				"days write 90d.")
		}
	}
	if !end.After(now) || end.Sub(now) > longestException {
		return end, fault.BadRequest("expires_at must be a time such as 2027-01-31T12:00:00Z or a duration such as " +
			"90d, in the future and at most one year from now.")
	}
	return end.UTC(), nil
}

// accept records which findings the exception accepts: those of its rule and subject, as they are
// now. If there are none, it returns an error for the caller.
func (e *exception) accept(findings []report.Finding) error {
	e.Accepted = nil
	var subjects []string
	for _, f := range findings {
		switch {
		case f.Rule != e.Rule:
		case f.Subject == e.Subject:
			e.Accepted = append(e.Accepted, acceptance(f.Acceptance()))
		default:
			subjects = append(subjects, f.Subject)
		}
	}
	if len(e.Accepted) > 0 {
		return nil
	}
	if slices.Sort(subjects); len(subjects) > 0 {
		return fault.BadRequest("The reports have no finding %s on this subject now. They have it on: %s.", e.Rule,
			input.Shortened(slices.Compact(subjects)))
	}
	return fault.BadRequest("The reports have no finding %s now. Only a finding that is there can be accepted.", e.Rule)
}

// facts returns what the reports know of the exception. name is its name in its path.
func (e exception) facts(name string) report.Exception {
	facts := report.Exception{Name: name, Rule: e.Rule, Subject: e.Subject, Reason: e.Reason, By: e.by(),
		AcceptedAt: e.AcceptedAt, ExpiresAt: e.ExpiresAt}
	for _, a := range e.Accepted {
		facts.Accepted = append(facts.Accepted, report.Acceptance(a))
	}
	return facts
}

// storedExceptions reads all exceptions, sorted by name. One that cannot be read is left out, so
// that it accepts nothing.
func storedExceptions(ctx context.Context, s logical.Storage) ([]report.Exception, error) {
	var all []report.Exception
	err := store.Each(ctx, s, exceptionsPrefix, func(name string, e exception) error {
		all = append(all, e.facts(name))
		return nil
	}, nil)
	return all, err
}
