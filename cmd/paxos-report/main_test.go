package main

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestExitCodesFollowTheFindings(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.report(settings{refresh: true}) // now it is known that the root has no allow-list, a finding of severity high
	for failOn, want := range map[string]int{"": exitFine, "high": exitFindings, "medium": exitFindings,
		"low": exitFindings, "info": exitFindings} {
		if _, code := h.report(settings{failOn: failOn, json: true}); code != want {
			t.Errorf("-fail-on %q: %d, want %d", failOn, code, want)
		}
	}
	calm := newHarness(t) // it has not been compared with Paxos
	calm.must("roles/pay", map[string]any{"disabled": true})
	if _, code := calm.report(settings{failOn: "high"}); code != exitFine {
		t.Errorf("without a high finding: %d", code)
	}
	if _, code := calm.report(settings{failOn: "medium"}); code != exitFindings {
		t.Errorf("with a medium finding: %d", code)
	}
}

// TestAcceptedFindingsStandApart accepts the one finding of severity high, and checks where the report
// shows it.
func TestAcceptedFindingsStandApart(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.report(settings{refresh: true})
	if _, code := h.report(settings{failOn: "high"}); code != exitFindings {
		t.Fatalf("with an open finding: %d", code)
	}
	h.must("exceptions/open-address", map[string]any{"rule": "no-allowlist", "subject": "client root",
		"reason": "a <test> server", "expires_at": "90d"})
	text, code := h.report(settings{failOn: "high", json: true})
	if code != exitFine {
		t.Errorf("with an accepted finding: %d", code)
	}
	var m mount
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	if len(m.Accepted) != 1 || m.Accepted[0].Rule != "no-allowlist" ||
		m.Accepted[0].Exception != "exceptions/open-address" || m.Accepted[0].AcceptedReason != "a <test> server" {
		t.Errorf("accepted are %+v", m.Accepted)
	}
	if slices.ContainsFunc(m.Findings, func(f finding) bool { return f.Rule == "no-allowlist" }) {
		t.Errorf("it is open too: %+v", m.Findings)
	}
	page, _ := h.report(settings{})
	for _, want := range []string{`href="#accepted"><b>1</b> accepted`, "Accepted findings", "a &lt;test&gt; server",
		"exceptions/open-address"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
}

// TestWhatTakesAFunctionAwayIsASuggestion checks that advice which removes something is shown as a
// suggestion, for a role that moves money.
func TestWhatTakesAFunctionAwayIsASuggestion(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	text, _ := h.report(settings{json: true})
	var m mount
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(m.Findings, func(f finding) bool { return f.Rule == "moves-money" })
	if i < 0 || m.Findings[i].Suggestion != "vault patch paxos/roles/pay disabled=true" ||
		strings.Contains(m.Findings[i].Fix, "vault patch") {
		t.Errorf("found is %+v", m.Findings)
	}
	page, _ := h.report(settings{})
	fix, suggestion := strings.Index(page, "# check which Vault policies"), strings.Index(page,
		"vault patch paxos/roles/pay disabled=true")
	if fix < 0 || suggestion < fix || !strings.Contains(page[fix:suggestion], "If this access is not needed:") {
		t.Error("the page does not have the suggestion after the fix, apart from it")
	}
}

func TestNothingIsAskedOfPaxosUnlessWanted(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	before := h.paxos.TotalCalls()
	h.report(settings{})
	if h.paxos.TotalCalls() != before {
		t.Error("Paxos was called")
	}
	text, _ := h.report(settings{refresh: true, json: true})
	if !strings.Contains(text, `"may_list": "yes"`) || h.paxos.TotalCalls() == before {
		t.Errorf("with -refresh: %s", text)
	}
}

func TestJSONHoldsBothReportsOnce(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.report(settings{refresh: true})
	text, _ := h.report(settings{json: true})
	var m mount
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range m.Findings {
		found = append(found, f.Severity+" "+f.Rule+" "+f.Subject)
	}
	for _, want := range []string{"high no-allowlist client root", "medium moves-money roles/pay",
		"low client-unknown credential stranger"} {
		if count := len(slices.DeleteFunc(slices.Clone(found), func(f string) bool { return f != want })); count != 1 {
			t.Errorf("%s is there %d times in %s", want, count, strings.Join(found, "; "))
		}
	}
	if len(m.Roles) != 2 || len(m.Credentials) != 2 || len(m.Clients) != 1 || len(m.Scopes) != 3 || len(m.Notes) != 0 {
		t.Errorf("%d roles, %d credentials, %d clients, %d scopes, notes %v", len(m.Roles), len(m.Credentials),
			len(m.Clients), len(m.Scopes), m.Notes)
	}
	if strings.Contains(text, "<script>") {
		t.Error("the Label is not escaped for those who paste JSON into a page")
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	for arguments, want := range map[string]struct {
		code            int
		out, complaints string
	}{
		"-help":                   {exitFine, "Usage: paxos-report", "^$"},
		"-version":                {exitFine, "^paxos-report v0\\.1\\.0-dev\n$", "^$"},
		"-fail-on dire":           {exitUsage, "^$", "-fail-on must be one of high, medium, low, info"},
		"-mount /":                {exitUsage, "^$", "-mount must not be empty"},
		"surplus":                 {exitUsage, "^$", `unexpected argument "surplus"`},
		"-unknown":                {exitUsage, "^$", "Usage: paxos-report"},
		"-mount=x -fail-on=worst": {exitUsage, "^$", "must be one of"},
	} {
		var out, complaints strings.Builder
		code := run(t.Context(), strings.Fields(arguments), &out, &complaints)
		if code != want.code || !regexp.MustCompile(want.out).MatchString(out.String()) ||
			!regexp.MustCompile(want.complaints).MatchString(complaints.String()) {
			t.Errorf("%s: %d, %q, %q", arguments, code, out.String(), complaints.String())
		}
	}
}
