package page

import (
	"strings"
	"testing"
)

// TestRules checks which pages are refused, with which words and on which line, and which are not.
func TestRules(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		path, text string
		want       string // empty: the page is right
	}{
		"norun":        {"docs/a.md", "'''shell norun\nkubectl get pods\n'''\n", ""},
		"norun of bao": {"docs/a.md", "'''shell norun\n# OpenBao\nbao status\n'''\n", ""},
		"norun of vault": {"docs/a.md", "'''shell norun\nvault status\n'''\n",
			"a.md:2: only a block that begins with"},
		"norun of a word like it": {"docs/a.md", "'''shell norun\nkubectl-vault x\n'''\n", "only a block that begins with"},
		"norun in an example":     {"docs/examples/a/README.md", "'''shell norun\nkubectl get pods\n'''\n", ""},
		"norun in README":         {"README.md", "'''shell norun\nkubectl get pods\n'''\n", "README has no block"},
		"norun of nothing":        {"docs/a.md", "'''shell norun\n'''\n", "only a block that begins with"},
		"norun that fails":        {"docs/a.md", "'''shell norun fails\nbao x\n'''\n", "cannot fail"},
		"norun with placeholder":  {"docs/a.md", "'''shell norun\nbao <path>\n'''\n", "placeholder <path>"},

		"ellipsis": {"docs/a.md", "'''shell\nvault write a b=…\n'''\n",
			"a.md:2: a shell block must not have …"},
		"placeholder":            {"docs/a.md", "'''shell\nvault write a kid=<Key ID>\n'''\n", "placeholder <Key ID>"},
		"placeholder at the end": {"docs/a.md", "'''shell\n<x>\n'''\n", "placeholder <x>"},
		"redirections":           {"docs/a.md", "'''shell\ncat <<EOF >b\nEOF\nx <<<$y >z; a < b > c\n'''\n", ""},
		"ellipsis in an answer":  {"docs/a.md", "'''shell\na\n'''\n'''console\n…\n<b>\n'''\n", ""},

		"failures that are ignored": {"docs/a.md", "'''shell\nset +e\nvault read x\n'''\n",
			"a.md:2: a shell block must not have set +e"},
		"no command":         {"docs/a.md", "'''shell\n# nothing\n\n'''\n", "has no command"},
		"no language":        {"docs/a.md", "'''\nvault status\n'''\n", "must have a language"},
		"another shell":      {"docs/a.md", "'''bash\nvault status\n'''\n", "a block of bash must be a file"},
		"a script":           {"docs/a.md", "'''bash file=a.sh\nvault status\n'''\n", ""},
		"unknown word":       {"docs/a.md", "'''shell skip\na\n'''\n", `a.md:1: shell has no word "skip"`},
		"norun of a file":    {"docs/a.md", "'''hcl norun\na\n'''\n", `hcl has no word "norun"`},
		"file of shell":      {"docs/a.md", "'''shell file=a\na\n'''\n", `shell has no word "file=a"`},
		"file elsewhere":     {"docs/a.md", "'''hcl file=../a\na\n'''\n", `hcl has no word "file=../a"`},
		"file of the root":   {"docs/a.md", "'''hcl file=/etc/a\na\n'''\n", `has no word`},
		"hidden file":        {"docs/a.md", "'''hcl file=.bashrc\na\n'''\n", `has no word`},
		"words of an answer": {"docs/a.md", "'''shell\na\n'''\n'''console fails\nx\n'''\n", `console has no word "fails"`},

		"answer alone": {"docs/a.md", "'''console\nx\n'''\n", "must follow the shell block"},
		"answer of a norun block": {"docs/a.md", "'''shell norun\nbao x\n'''\n'''console\nx\n'''\n",
			"must follow the shell block"},
		"answer of a hidden line": {"docs/a.md", "<!-- shell: a -->\n'''console\nx\n'''\n", "must follow the shell block"},
		"answer after a file":     {"docs/a.md", "'''shell\na\n'''\n'''hcl\n'''\n'''console\nx\n'''\n", "must follow"},
		"two answers": {"docs/a.md", "'''shell\na\n'''\n'''console\nx\n'''\n'''console\nx\n'''\n",
			"must follow"},
		"empty answer": {"docs/a.md", "'''shell\na\n'''\n'''console\n\n'''\n",
			"the console block shows nothing"},
		"answer left out": {"docs/a.md", "'''shell\na\n'''\n'''console\n…\n'''\n",
			"the console block shows nothing"},
		"fails without an answer": {"docs/a.md", "'''shell fails\na\n'''\n", "must show its error"},

		"block without an end":  {"docs/a.md", "'''shell\na\n", "a.md:1: the block has no end"},
		"fence in a line":       {"docs/a.md", "> '''shell\n", "a fence that is not recognized"},
		"fence of tildes":       {"docs/a.md", "~~~shell\n", "a fence that is not recognized"},
		"hidden lines":          {"docs/a.md", "<!-- shell:\na\n-->\n", "a hidden line is written"},
		"hidden without blanks": {"docs/a.md", "<!--shell: a-->\n", "a hidden line is written"},
		"another comment":       {"docs/a.md", "<!-- text -->\n", ""},
	} {
		_, err := parse(test.path, test.text)
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

// TestAllComplaints checks that a page is told everything at once.
func TestAllComplaints(t *testing.T) {
	t.Parallel()
	_, err := parse("docs/a.md", "'''shell\n<a>\n'''\n'''console\n'''\n'''sh\n'''\n")
	if err == nil || strings.Count(err.Error(), "docs/a.md:") != 3 {
		t.Errorf("%v", err)
	}
}
