package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/scripts/docs/page"
)

// newScenario returns a page in a shell, without a server. The text has ' in place of the backquotes.
func newScenario(t *testing.T, text string, update bool) *scenario {
	t.Helper()
	p, err := page.Parse("docs/page.md", strings.ReplaceAll(text, "'''", "```"))
	if err != nil {
		t.Fatal(err)
	}
	return &scenario{Page: p, settings: settings{update: update}, shell: *startTestShell(t, 20*time.Second),
		names: newTestTranslation(), updates: map[*page.Block]string{}}
}

// TestScenarios runs pages that are right, and pages that must fail, with what is said of them.
func TestScenarios(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"right answers": {"'''shell\necho a 1\n'''\n'''console\na   1\n'''\n", ""},
		"a wrong word": {"'''shell\necho a 1\n'''\n\n'''console\nb 1\n'''\n",
			`docs/page.md:6: the page has "b", the command printed "a"`},
		"a wrong number": {"'''shell\necho a 1\n'''\n'''console\na 2\n'''\n", `the page has "2"`},
		"an answer to nothing": {"'''shell\ntrue\n'''\n" +
			"'''console\na\n'''\n", `the command printed nothing more`},
		"the whole output": {"'''shell\necho a; echo b\n'''\n" +
			"'''console\na\n'''\n", `the command also printed "b"`},
		"a difference": {"'''shell\necho a; echo b\n'''\n" +
			"'''console\na\nc\n'''\n",
			"      a\n    - c\n    + b\n"},

		"a failure": {"'''shell\necho x\nfalse\n'''\n",
			"docs/page.md:3: a command failed\n    echo x\n    false\n  it printed:\n    x\n"},
		"two wrong answers": {"'''shell\necho a\n'''\n" +
			"'''console\nb\n'''\n'''shell\necho a\n'''\n'''console\nc\n'''\n", `page.md:11: the page has "c"`},
		"nothing after it": {"'''shell\nfalse\n'''\n'''shell\necho a\n'''\n'''console\nb\n'''\n", "!page.md:5"},
		"an expected one":  {"'''shell fails\necho no; false\n'''\n'''console\nno\n'''\n", ""},
		"one that is not": {"'''shell fails\necho no\n'''\n'''console\nno\n'''\n",
			"docs/page.md:2: the block must fail, and did not"},
		"a silent return": {"'''shell\nreturn\nfalse\n'''\n",
			"docs/page.md:2: the block stopped before its end"},
		"a failure that is not shown": {"'''shell\necho \"$(echo vault read x >$docs_folder/failed)a\"\n'''\n" +
			"'''console\na\n'''\n", "a command failed inside the block: vault read x"},
		"a failure that is allowed": {"'''shell\necho vault read x >$docs_folder/failed || true; echo a\n'''\n" +
			"'''console\na\n'''\n", ""},
		"an error of vault": {"'''shell\necho Error reading x >&2\n'''\n",
			"a command failed inside the block: Error reading x"},

		"a file": {"'''hcl file=a/b.hcl\n$x \\ 'y'\n'''\n" +
			"'''shell\ncat a/b.hcl\n'''\n" +
			"'''console\n$x \\ 'y'\n'''\n",
			""},
		"a file with addresses": {"'''hcl file=a\nhttps://api.paxos.com/v2\n'''\n" +
			"'''shell\ngrep -c localhost a\n'''\n" +
			"'''console\n1\n'''\n",
			""},
		"a hidden line":    {"<!-- shell: a=5 -->\n'''shell\necho $a\n'''\n'''console\n5\n'''\n", ""},
		"a hidden failure": {"<!-- shell: false -->\n", "docs/page.md:1: a command failed"},
		"a name": {"<!-- shell: printf '/etc/x\\t/tmp/y\\n' >$docs_folder/names -->\n" +
			"'''shell\necho /etc/x; echo /etc/x | wc -c | tr -d ' '\n'''\n" +
			"'''console\n/etc/x\n7\n'''\n",
			""},

		"addresses": {"'''shell\necho environment=production https://api.paxos.com/v2\n'''\n" +
			"'''console\nenvironment=production https://api.paxos.com/v2\n'''\n",
			""},
		"not run": {"'''shell norun\nkubectl x\n'''\n'''json\n{}\n'''\n", ""},
		"a last check": {"<!-- shell: check_page() { echo reason; false; } -->\n",
			"check_page: a command failed\n    reason"},
		"a good check": {"<!-- shell: check_page() { true; } -->\n", ""},

		"late output": {"'''shell\necho a; (until [ -e go ]; do sleep 0.01; done; echo b; touch done) &\n'''\n" +
			"'''console\na\n'''\n" +
			"'''shell\ntouch go; until [ -e done ]; do sleep 0.01; done\n'''\n",
			"page.md:2: a program in the background printed more"},
		"no late output": {"'''shell\necho a; sleep 30 &\n'''\n'''console\na\n'''\n", ""},
		"an id typed": {"'''shell\nid=1bbbb1b8-d6c4-48ba-b50c-0cdba62ee705\necho ${id/1/2}\n'''\n" +
			"'''console\n1bbbb1b8-d6c4-48ba-b50c-0cdba62ee705\n'''\n",
			"the page has"},
		"an id of a run": {"'''shell\necho 1bbbb1b8-d6c4-48ba-b50c-0cdba62ee70{5,6} | cut -d' ' -f2\n'''\n" +
			"'''console\n5550fe54-fb6f-4f34-aa50-60a4dda5c09a\n'''\n",
			""},
		"a file too late": {"'''shell\ncat a\n'''\n'''hcl file=a\nx\n'''\n", "a command failed"},
	} {
		s := newScenario(t, test.text, false)
		err := errors.Join(s.blocks(t.Context()), s.late())
		absent, not := strings.CutPrefix(test.want, "!")
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case not && (err == nil || strings.Contains(err.Error(), absent)):
			t.Errorf("%s: %v, want an error without %q", name, err, absent)
		case !not && test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

// TestUpdate checks that only the answer that is wrong is written again, and that the page is right then.
func TestUpdate(t *testing.T) {
	t.Parallel()
	s := newScenario(t, "'''shell\necho a  1\n'''\n"+
		"'''console\na 1\n'''\n"+
		"- b\n\n  '''shell\n  printf 'x\\ny'\n  '''\n  '''console\n  z\n  '''\n", true)
	if err := s.blocks(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll("'''shell\necho a  1\n'''\n"+
		"'''console\na 1\n'''\n"+
		"- b\n\n  '''shell\n  printf 'x\\ny'\n  '''\n  '''console\n  x\n  y\n  '''\n", "'''", "```")
	got := s.Rewrite(s.updates)
	if got != want {
		t.Errorf("the page is\n%s", got)
	}
	again := newScenario(t, strings.ReplaceAll(got, "```", "'''"), false)
	if err := again.blocks(t.Context()); err != nil {
		t.Error(err)
	}
}
