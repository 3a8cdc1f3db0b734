package main

import (
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"fmt"
	"html"
	"os"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestThePageIsAsReviewed(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	text, _ := h.report(settings{refresh: true})
	text = strings.NewReplacer(h.paxos.URL(), "https://paxos.invalid", h.vault.Address(), "https://vault.invalid",
		styleText, "STYLE").Replace(text)
	text = regexp.MustCompile(`20\d\d-\d\d-\d\dT[0-9:]*Z`).ReplaceAllString(text, "TIME")
	const path = "testdata/page.golden.html"
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("the page differs; run the test with -update and look at the diff:\n%s", text)
	}
}

// TestLabelsAreHarmless checks that text from the Dashboard which looks like HTML is escaped.
func TestLabelsAreHarmless(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	text, _ := h.report(settings{refresh: true})
	if strings.Contains(text, hostile) ||
		!strings.Contains(text, html.EscapeString(hostile)) && !strings.Contains(text, "&lt;script&gt;alert(") {
		t.Error("the Label is not there, or not escaped")
	}
	for _, tag := range []string{"script", "img", "iframe", "link", "object", "form", "svg"} {
		if regexp.MustCompile(`(?i)<` + tag + `[\s>/]`).MatchString(text) {
			t.Errorf("the page has an element %s", tag)
		}
	}
	links := regexp.MustCompile(`<a href="#[a-z]+">`) // to a section of the page
	if found := regexp.MustCompile(`(?i)<[^>]*\s(href|src|style|on[a-z]+)\s*=`).FindString(
		links.ReplaceAllString(text, "")); found != "" {
		t.Errorf("an element reaches out: %s", found)
	}
	if got := strings.Count(text, "</style>"); got != 1 {
		t.Errorf("there are %d ends of the style", got)
	}
	for _, fix := range regexp.MustCompile(`(?s)<pre[^>]*>(.*?)</pre>`).FindAllString(text, -1) {
		if strings.Contains(fix, "rm -rf") {
			t.Error("a command holds the Label")
		}
	}
}

// TestThePolicyAllowsTheStyleAndNothingElse checks the style of the page against its policy, as a
// browser does.
func TestThePolicyAllowsTheStyleAndNothingElse(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	text, _ := h.report(settings{})
	policy := html.UnescapeString(regexp.MustCompile(
		`<meta http-equiv="Content-Security-Policy" content="([^"]*)">`).FindStringSubmatch(text)[1])
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(text)[1]
	sum := sha256.Sum256([]byte(style))
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'"
	if policy != want {
		t.Errorf("the policy is %q, want %q", policy, want)
	}
	if strings.Index(text, "Content-Security-Policy") > strings.Index(text, "<style>") {
		t.Error("the policy comes after what it governs")
	}
}

func TestTheMatrixShowsTheWorstFirst(t *testing.T) {
	t.Parallel()
	m := &mount{Scopes: []scope{
		{Scope: "b:read", Risk: "read", Catalogued: true, Roles: []string{"reader", "payer"}},
		{Scope: "a:pay", Risk: "moves-money", Catalogued: true, Roles: []string{"payer"}},
		{Scope: "c:admin", Risk: "admin", Roles: []string{"boss"}},
	}}
	if got := grids(t, m); len(got) != 2 || got[0] != got[1] ||
		got[0] != "A M R role c: admin (unknown scope) a: pay b: read boss A payer M R reader R" {
		t.Errorf("the matrix is %q", got)
	}
}

// TestTheMatrixIsCutForPaper has more scopes than fit on a sheet.
func TestTheMatrixIsCutForPaper(t *testing.T) {
	t.Parallel()
	m := &mount{}
	for i := range sheetWidth + 3 {
		m.Scopes = append(m.Scopes, scope{Scope: fmt.Sprintf("x:%02d", i), Risk: "read", Catalogued: true,
			Roles: []string{fmt.Sprintf("role-%02d", i)}})
	}
	got := grids(t, m)
	if len(got) != 3 || strings.Count(got[0], "role-") != sheetWidth+3 || strings.Count(got[1], "role-") != sheetWidth ||
		got[2] != "reads role x: 22 x: 23 x: 24 role-22 R role-23 R role-24 R" {
		t.Errorf("the matrix is %q", got)
	}
}

// grids returns the text of each table of the matrix: the whole one, and those for paper.
func grids(t *testing.T, m *mount) []string {
	t.Helper()
	var page strings.Builder
	if err := m.writePage(&page, atNoon); err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(page.String(), `<section id="matrix">`)
	section, _, _ = strings.Cut(section, "</section>")
	var all []string
	for _, table := range regexp.MustCompile(`(?s)<table>(.*?)</table>`).FindAllString(section, -1) {
		all = append(all, strings.Join(strings.Fields(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(table, " ")), " "))
	}
	return all
}
