package report_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/report"
)

// A deserving change makes a tidy mount deserve these findings and no others.
type deserving struct {
	name   string
	change func(*report.Facts)
	want   []want
}

// all are the changes of all tables.
func all() []deserving {
	return slices.Concat(ofClients, ofAllowLists, ofLists, ofCredentials, ofRoles, ofLeases, ofMounts, ofEnforcement,
		ofKeys, ofSigners, ofPayers)
}

func TestFactsHaveTheFindingsThatTheyDeserve(t *testing.T) {
	t.Parallel()
	if got := titles(found(tidy())); len(got) > 0 {
		t.Fatalf("a tidy mount has the findings %v", got)
	}
	for _, test := range all() {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, problem := range differences(found(tidy(test.change)), test.want) {
				t.Error(problem)
			}
		})
	}
}

func TestEveryRuleIsFoundInATest(t *testing.T) {
	t.Parallel()
	missing := map[string]bool{} // exception-expired has a test of its own
	for _, rule := range report.AcceptableRules() {
		missing[rule] = true
	}
	for _, test := range all() {
		for _, w := range test.want {
			delete(missing, strings.Fields(w.title)[1])
		}
	}
	if len(missing) > 0 {
		t.Errorf("no facts of these tests deserve %v", slices.Sorted(maps.Keys(missing)))
	}
}

// muchToFind are facts that deserve many findings of both reports.
func muchToFind() *report.Facts {
	return tidy(func(f *report.Facts) {
		f.ConnectionDangers = []string{"never_revoke: tokens stay valid", "token_url: not encrypted"}
		f.List.Left = 3
		*listed(f) = credential(rootID, readScope, writeScope, moneyScope)
		listed(f).IPAllowlist = nil
		for _, id := range []string{"c-id", "a-id", "b-id"} {
			f.List.Credentials = append(f.List.Credentials, credential(id, moneyScope), credential(id, moneyScope))
		}
		for _, name := range []string{"pay-2", "pay-1"} {
			addRole(f, name, moneyScope, unknownScope).Dangers = []string{"unique_tokens: each costs a request"}
		}
		addClient(f, "two", "mint").Verified = false
		f.Settings.EgressCIDRs = nil
		f.Exceptions = []report.Exception{{Name: "old", Rule: "secret-old", Subject: "client root", ExpiresAt: now}}
	})
}

func TestAReportOfTheSameFactsIsTheSame(t *testing.T) {
	t.Parallel()
	for _, report := range []func(*report.Facts) (any, any){
		func(f *report.Facts) (any, any) {
			r := report.Drift(f)
			return r.Answer(report.Info), r.ShownCredentials()
		},
		func(f *report.Facts) (any, any) {
			p := report.LeastPrivilege(f)
			return p.Answer(report.Info), []any{p.Scopes(), p.Held()}
		},
	} {
		f := muchToFind()
		first, extra := report(f)
		for range 3 { // the facts are not used up by a report
			again, more := report(f)
			if a, z := fmt.Sprint(first, extra), fmt.Sprint(again, more); a != z {
				t.Errorf("the reports are\n%s\nand\n%s", a, z)
			}
		}
	}
	r := report.Drift(muchToFind())
	if a, z := fmt.Sprint(r.Answer(report.Info)), fmt.Sprint(r.Answer(report.Info)); a != z {
		t.Errorf("the answers of one report are\n%s\nand\n%s", a, z)
	}
}

func TestFindingsAreInOrderAndEachOnce(t *testing.T) {
	t.Parallel()
	findings := found(muchToFind())
	if len(findings) < 15 {
		t.Fatalf("found are only %v", titles(findings))
	}
	for i, f := range findings[1:] {
		before := findings[i]
		order := slices.Compare(
			[]string{fmt.Sprint(int(before.Severity)), string(before.Rule), before.Subject},
			[]string{fmt.Sprint(int(f.Severity)), string(f.Rule), f.Subject})
		if order > 0 || order == 0 && slices.Compare(before.Evidence, f.Evidence) >= 0 {
			t.Errorf("%v stands before %v", before, f)
		}
		if before.Same(f) {
			t.Errorf("found twice: %v", f)
		}
	}
	reversed := muchToFind()
	slices.Reverse(reversed.List.Credentials)
	slices.Reverse(reversed.Roles)
	slices.Reverse(reversed.ConnectionDangers)
	if a, z := titles(findings), titles(found(reversed)); !slices.Equal(a, z) {
		t.Errorf("the findings are\n%v\nand for the same facts in another order\n%v", a, z)
	}
}

func TestAnAnswerShowsWhatIsSevereEnoughAndCountsAll(t *testing.T) {
	t.Parallel()
	f := tidy(func(f *report.Facts) {
		f.ConnectionDangers = []string{"never_revoke: tokens stay valid"} // high
		f.Clients[0].Verified = false                                     // medium
		f.Clients[0].Since = now.Add(-91 * day)                           // medium, accepted
		f.List.Refused = true                                             // low
		f.Guardrails.AllowUncatalogued = true                             // info
	})
	for _, finding := range found(f) {
		if finding.Rule == "secret-old" {
			f.Exceptions = []report.Exception{{Name: "old", Rule: finding.Rule, Subject: finding.Subject,
				ExpiresAt: now.Add(day), Accepted: []report.Acceptance{finding.Acceptance()}}}
		}
	}
	for least, want := range map[report.Severity]string{
		report.High:   "[dangerous-option] []",
		report.Medium: "[dangerous-option secret-unverified] [secret-old]",
		report.Low:    "[dangerous-option secret-unverified listing-refused] [secret-old]",
		report.Info:   "[dangerous-option secret-unverified listing-refused dangerous-option] [secret-old]",
	} {
		answer := report.LeastPrivilege(f).Answer(least)
		if got := fmt.Sprint(rules(answer["findings"]), rules(answer["accepted"])); got != want {
			t.Errorf("at least %s: shown are %s, want %s", least, got, want)
		}
		if got := fmt.Sprint(answer["counts"], answer["accepted_count"]); got != "map[high:1 info:1 low:1 medium:1] 1" {
			t.Errorf("at least %s: counted are %s", least, got)
		}
	}
}

// rules are the rules of findings as an answer shows them.
func rules(findings any) []string {
	list := []string{}
	for _, f := range findings.([]any) {
		list = append(list, f.(map[string]any)["rule"].(string))
	}
	return list
}

func TestSeveritiesAreParsedAsTheyAreShown(t *testing.T) {
	t.Parallel()
	for _, severity := range report.Severities() {
		if got, err := report.ParseSeverity(severity.String()); err != nil || got != severity {
			t.Errorf("%s is parsed as %s, %v", severity, got, err)
		}
	}
	for _, name := range []string{"", "High", "critical", " low"} {
		if got, err := report.ParseSeverity(name); err == nil {
			t.Errorf("%q is parsed as %s", name, got)
		}
	}
}
