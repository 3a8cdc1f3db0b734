package report_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/report"
)

// accept accepts every finding as it is now, each by an exception of its own until an hour from now.
func accept(f *report.Facts) {
	for i, finding := range found(f) {
		f.Exceptions = append(f.Exceptions, report.Exception{
			Name: fmt.Sprintf("e-%d", i), Rule: finding.Rule, Subject: finding.Subject, Reason: "we know", By: "jo",
			AcceptedAt: now, ExpiresAt: now.Add(time.Hour), Accepted: []report.Acceptance{finding.Acceptance()},
		})
	}
}

// paying is a mount with a role that moves money.
func paying(f *report.Facts) {
	hold(f, moneyScope, "transfer:write_fiat_withdrawal")
	addRole(f, "pay", moneyScope)
	addRole(f, "pay-fiat", "transfer:write_fiat_withdrawal").Client = "clients/gone"
	f.Roles[2].Disabled = true
}

func TestAnExceptionHoldsForAFindingAsItWasAccepted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*report.Facts)
		open   string // what is open again
		note   string
	}{
		"nothing changes": {func(*report.Facts) {}, "", ""},
		"the role is read": {func(f *report.Facts) {
			f.Roles[1].LastIssued = now.Add(-time.Minute)
		}, "", ""},
		"more evidence": {func(f *report.Facts) {
			f.Roles[1].Scopes = append(f.Roles[1].Scopes, "transfer:write_fiat_withdrawal")
		}, "moves-money roles/pay", "no longer applies"},
		"a scope of no such risk": {func(f *report.Facts) {
			f.Roles[1].Scopes = append(f.Roles[1].Scopes, readScope)
		}, "moves-money roles/pay", "no longer applies: the finding is not what it was when it was accepted at " +
			"2026-11-01T12:00:00Z."},
		"a role made again under its name": {func(f *report.Facts) { f.Roles[1].Identity = "pay of June" },
			"moves-money roles/pay", "no longer applies"},
		"a role of another client of another purpose, made again": {func(f *report.Facts) {
			addClient(f, "two", "standby", readScope)
			addRole(f, "team", readScope).Client = "clients/two"
			accept(f)
			f.Roles[3].Identity = "team of June"
		}, "client-of-another-purpose roles/team", "no longer applies"},
		"an hour passes": {func(f *report.Facts) { f.Now = now.Add(time.Hour) },
			"moves-money roles/pay", "expired at 2026-11-01T13:00:00Z."},
		"almost an hour passes": {func(f *report.Facts) { f.Now = now.Add(time.Hour - 1) }, "", ""},
		"another subject": {func(f *report.Facts) { f.Exceptions[0].Subject = "roles/other" },
			"moves-money roles/pay", ""},
		"another rule": {func(f *report.Facts) { f.Exceptions[0].Rule = "administers" },
			"moves-money roles/pay", ""},
		"another severity": {func(f *report.Facts) { f.Exceptions[0].Accepted[0].Severity = "low" },
			"moves-money roles/pay", "no longer applies"},
		"a second exception that has expired": {func(f *report.Facts) {
			expired := f.Exceptions[0]
			expired.Name, expired.ExpiresAt = "expired", now
			f.Exceptions = append(f.Exceptions, expired)
		}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := tidy(paying)
			accept(f)
			if open, accepted := report.LeastPrivilege(f).Divided(); len(open) > 0 || len(accepted) != 2 {
				t.Fatalf("open are %v, %d are accepted", titles(open), len(accepted))
			}
			f.Exceptions = slices.DeleteFunc(f.Exceptions, func(e report.Exception) bool {
				return e.Rule != "moves-money"
			})
			test.change(f)
			open, _ := report.LeastPrivilege(f).Divided()
			open = slices.DeleteFunc(open, func(f report.Finding) bool {
				return f.Rule == "exception-expired" || f.Rule == "scopes-unused"
			})
			switch {
			case test.open == "" && len(open) > 0:
				t.Errorf("open are %v", titles(open))
			case test.open == "":
			case len(open) != 1 || titles(open)[0] != "medium "+test.open:
				t.Errorf("open are %v, want %s", titles(open), test.open)
			case !strings.Contains(open[0].Note, test.note) || (open[0].Note == "") != (test.note == ""):
				t.Errorf("its note is %q, want %q", open[0].Note, test.note)
			}
		})
	}
}

func TestAnExceptionThatHasExpiredIsAFinding(t *testing.T) {
	t.Parallel()
	f := tidy(func(f *report.Facts) {
		f.Exceptions = []report.Exception{
			{Name: "old", Rule: "secret-old", Subject: "client root", ExpiresAt: now},
			{Name: "new", Rule: "secret-old", Subject: "client root", ExpiresAt: now.Add(1)},
		}
	})
	for _, problem := range differences(found(f), []want{
		{"low exception-expired exceptions/old",
			"rule=secret-old; subject=client root; expires_at=2026-11-01T12:00:00Z",
			"\nvault write paxos/exceptions/old expires_at=90d", "vault delete paxos/exceptions/old"},
	}) {
		t.Error(problem)
	}
}

func TestAnAcceptedFindingIsShownWithItsException(t *testing.T) {
	t.Parallel()
	f := tidy(paying)
	accept(f)
	shown := report.LeastPrivilege(f).Answer(report.Info)["accepted"].([]any)[0].(map[string]any)
	for name, want := range map[string]any{
		"rule": "scopes-unused", "severity": "high", "exception": "exceptions/e-0", "accepted_reason": "we know",
		"accepted_by": "jo",
		"accepted_at": "2026-11-01T12:00:00Z", "expires_at": "2026-11-01T13:00:00Z", "note": "",
	} {
		if shown[name] != want {
			t.Errorf("%s is %q, want %q", name, shown[name], want)
		}
	}
}
