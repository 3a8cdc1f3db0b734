package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// sample measures the package in testdata without the file of its central struct.
func sample(t *testing.T) structure {
	t.Helper()
	loaded, err := load([]string{"./testdata/sample"})
	if err != nil {
		t.Fatal(err)
	}
	return measure(loaded[0], []string{"hub.go"})
}

// TestArrows checks which files know which, by types, functions, fields and constants. The central
// struct and names inside functions do not count.
func TestArrows(t *testing.T) {
	found := sample(t).arrows
	for from, want := range map[string]string{
		"a.go": "map[b.go:[b]]", "b.go": "map[c.go:[third]]", "c.go": "map[a.go:[a next] b.go:[third] " +
			"leaf.go:[leafCount]]",
		"d.go": "map[e.go:[up] leaf.go:[leafCount]]", "e.go": "map[d.go:[down]]", "leaf.go": "map[]",
	} {
		for _, names := range found[from] {
			slices.Sort(names)
		}
		if got := fmt.Sprint(found[from]); got != want {
			t.Errorf("%s: %s, want %s", from, got, want)
		}
	}
	if len(found) != 6 || found.perFile() != 8.0/6 {
		t.Errorf("%d files, %.2f arrows per file; want 6 and 1.33", len(found), found.perFile())
	}
}

// TestCircles checks that the circles are complete, and the largest comes first.
func TestCircles(t *testing.T) {
	found := sample(t)
	if got := fmt.Sprint(found.circles); got != "[[a.go b.go c.go] [d.go e.go]]" || found.largestCircle() != 3 {
		t.Errorf("circles %s, the largest of %d files", got, found.largestCircle())
	}
	if got := (arrows{"a": {"b": nil}, "b": {}}).circles(); len(got) != 0 {
		t.Errorf("an arrow without a way back is a circle: %v", got)
	}
}

// TestHidden checks that locals count as hiding a package-level name whatever they are, and that
// fields of local types do not count.
func TestHidden(t *testing.T) {
	found := sample(t)
	if got := fmt.Sprint(found.hidden); got != "[c.go:4 leaf c.go:6 leafCount e.go:4 a]" {
		t.Errorf("hidden %s", got)
	}
	if found.locals != 5 { // besides those, the receiver and the parameter called h
		t.Errorf("%d locals, want 5", found.locals)
	}
}

// TestRun checks the exit code and that each limit is reported when it is exceeded, and only then.
func TestRun(t *testing.T) {
	for name, test := range map[string]struct {
		arguments, complaint string
		code                 int
	}{
		"fine":           {"-except hub.go ./testdata/sample", "", 0},
		"the whole path": {"-except sample/hub.go -arrows 1.34 -circle 3 -hidden 3 ./testdata/sample", "", 0},
		"arrows": {"-except hub.go -arrows 1.3 ./testdata/sample",
			"1.33 arrows per file, allowed are 1.3:", 1},
		"a circle":     {"-except hub.go -circle 2 ./testdata/sample", "a circle of 3 files, allowed are 2:", 1},
		"its files":    {"-except hub.go -circle 2 ./testdata/sample", "a.go b.go c.go\n", 1},
		"with the hub": {"-circle 3 ./testdata/sample", "a circle of 4 files", 1},
		"hidden names": {"-hidden 2 ./testdata/sample",
			"3 local names hide a package-level name, allowed are 2:", 1},
		"no such package":    {"./testdata/missing", "missing", 2},
		"an unknown flag":    {"-arrow 1 ./testdata/sample", "not defined: -arrow", 2},
		"not a Go directory": {"./testdata", "no Go files", 2},
	} {
		t.Run(name, func(t *testing.T) {
			var out, complaints bytes.Buffer
			code := run(strings.Fields(test.arguments), &out, &complaints)
			if code != test.code || !strings.Contains(complaints.String(), test.complaint) ||
				(test.complaint == "") != (complaints.Len() == 0) {
				t.Errorf("exit code %d, complaints %q, output %q", code, complaints.String(), out.String())
			}
		})
	}
}

// TestVerbose checks that -v prints the circles, the arrows and the hidden names.
func TestVerbose(t *testing.T) {
	var out bytes.Buffer
	sample(t).print(&out, true)
	for _, line := range []string{
		": 6 files, 1.33 arrows per file, largest circle 3, 3 of 5 locals hide a package-level name\n",
		"  circle: d.go e.go\n", "  c.go: 3 arrows\n    a.go: a next\n", "  hidden: e.go:4 a\n",
	} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("%q lacks %q", out.String(), line)
		}
	}
}
