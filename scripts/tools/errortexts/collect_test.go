package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestCollect checks how texts are shown: constants with their value, everything else with a name, and
// each text once.
func TestCollect(t *testing.T) {
	texts, err := collect([]string{"./testdata/sample"})
	if err != nil {
		t.Fatal(err)
	}
	want := []text{
		{400, `Role "<name>" does not exist. Read paxos/roles/<name> again.`, "sample/sample.go"},
		{404, "Client <client id> lacks <scopes>: <cause>.", "sample/sample.go"},
		{409, "Wait 15s, at most 3%: 15s.", "sample/sample.go"},
	}
	if fmt.Sprint(texts) != fmt.Sprint(want) {
		t.Errorf("found\n%v, want\n%v", texts, want)
	}
	if _, err := collect([]string{"./testdata/sample/fault"}); err == nil {
		t.Error("packages without a text are accepted: the check would pass when nothing is found")
	}
	if _, err := collect([]string{"./testdata/passing"}); err == nil || !strings.Contains(err.Error(), "passing.refuse") {
		t.Errorf("a function passes on the text of its callers: %v", err)
	}
}

// written is a page that explains one of the texts.
const written = "# Errors\n\n```text\nRole \"<role>\" does not\n  exist.\n```\n\nAsk `others`.\n\n<!-- errortexts -->\n"

var both = []text{
	{400, `Role "<name>" does not exist.`, "backend/role.go"},
	{429, "A text " + strings.Repeat("that is long ", 9) + "for <host>.", "limits/budget.go"},
}

// TestPage checks that a page is complete after an update, and says what it lacks before.
func TestPage(t *testing.T) {
	p := readPage(written)
	if problems := p.compare(both); len(problems) != 1 || !strings.Contains(problems[0], "for <host>") {
		t.Errorf("problems %q, want the one text that is not there", problems)
	}
	updated := readPage(p.withOthers(both))
	if problems := updated.compare(both); len(problems) != 0 || updated.explained(both) != 1 {
		t.Errorf("after the update: problems %q, %d explained", problems, updated.explained(both))
	}
	if again := updated.withOthers(both); again != p.withOthers(both) {
		t.Errorf("a second update changes the page to\n%s", again)
	}
	for line := range strings.Lines(p.withOthers(both)) {
		if len(line) > columns+1 {
			t.Errorf("a line of %d columns: %s", len(line)-1, line)
		}
	}
}

// TestStaleText checks that a text which no error has any more is named in both parts of a page.
func TestStaleText(t *testing.T) {
	p := readPage(readPage(written).withOthers(both))
	problems := p.compare([]text{{400, "Something else is wrong.", "backend/role.go"}})
	if len(problems) != 3 {
		t.Errorf("%d problems %q, want a text that is missing and two that are no more", len(problems), problems)
	}
}
