package page

import (
	"fmt"
	"strings"
	"testing"
)

// sample has a block of each kind. It has ' in place of the backquotes.
const sample = `# Page

'''shell
first
'''

Text.

'''console
answer
'''

1. Item:

   '''shell fails
   second \
       goes on
   '''
   '''console
   error

     more
   '''

   <!-- shell: dashboard rotate root > new-secret.txt -->

'''hcl file=policies/app.hcl
path "x" {}
'''
'''shell norun
# comment
kubectl get pods
'''
'''json
{}
'''
`

// parse parses a text that has ' in place of the backquotes.
func parse(path, text string) (*Page, error) {
	return Parse(path, strings.ReplaceAll(text, "'''", "```"))
}

// TestParse checks every field of the blocks of a page.
func TestParse(t *testing.T) {
	t.Parallel()
	p, err := parse("docs/page.md", sample)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range p.Blocks {
		answer := "none"
		if b.Answer != nil {
			answer = fmt.Sprint(b.Answer.Line)
		}
		got = append(got, fmt.Sprintf("%d kind %d %s %q fails=%t file=%q answer=%s indent=%d lines=%d", b.Line, b.Kind,
			b.Language, b.Text, b.Fails, b.File, answer, b.Indent(), b.Lines()))
	}
	want := []string{
		`4 kind 1 shell "first\n" fails=false file="" answer=10 indent=0 lines=1`,
		`10 kind 4 console "answer\n" fails=false file="" answer=none indent=0 lines=1`,
		`16 kind 1 shell "second \\\n    goes on\n" fails=true file="" answer=20 indent=3 lines=2`,
		`20 kind 4 console "error\n\n  more\n" fails=false file="" answer=none indent=3 lines=3`,
		`25 kind 2 shell "dashboard rotate root > new-secret.txt\n" fails=false file="" answer=none indent=0 lines=1`,
		`28 kind 0 hcl "path \"x\" {}\n" fails=false file="policies/app.hcl" answer=none indent=0 lines=1`,
		`31 kind 3 shell "# comment\nkubectl get pods\n" fails=false file="" answer=none indent=0 lines=2`,
		`35 kind 0 json "{}\n" fails=false file="" answer=none indent=0 lines=1`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if p.Count(Run) != 2 || p.Count(Norun) != 1 || !p.Runs() {
		t.Errorf("%d blocks are run, %d are not", p.Count(Run), p.Count(Norun))
	}
}

// TestListItem reads a block that begins on the line of its list item.
func TestListItem(t *testing.T) {
	t.Parallel()
	p, err := parse("docs/page.md", "1. '''shell\n   a\n   '''\n")
	if err != nil || len(p.Blocks) != 1 || p.Blocks[0].Text != "a\n" {
		t.Errorf("%+v %v", p.Blocks, err)
	}
}

// TestTyped checks that only what a reader types or saves counts as typed.
func TestTyped(t *testing.T) {
	t.Parallel()
	p, err := parse("docs/page.md", sample)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"second": true, `path "x"`: true, "answer": false, "kubectl": false,
		"dashboard": false, "Text": false} {
		if p.Typed(text) != want {
			t.Errorf("typed %q: %t", text, !want)
		}
	}
}

// TestRewrite replaces both answers of a page, by longer and shorter ones, and reads the page again.
func TestRewrite(t *testing.T) {
	t.Parallel()
	p, err := parse("docs/page.md", sample)
	if err != nil {
		t.Fatal(err)
	}
	got := p.Rewrite(map[*Block]string{p.Blocks[1]: "one\ntwo\n", p.Blocks[3]: "short\n\n"})
	want := strings.NewReplacer("'''", "```", "answer\n", "one\ntwo\n", "   error\n\n     more\n",
		"   short\n\n").Replace(sample)
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if same := p.Rewrite(nil); same != strings.ReplaceAll(sample, "'''", "```") {
		t.Errorf("without a change the page is\n%s", same)
	}
}
