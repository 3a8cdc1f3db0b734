package main

import (
	"regexp"
	"slices"
	"strings"
)

var (
	// written is where a page says with which Paxos it works.
	written = regexp.MustCompile(`(\benvironment"?(?:=|: ?)"?)(sandbox|production|custom)\b`)
	// answered is where the engine says that.
	answered = regexp.MustCompile(`(\benvironment"?(?: is |: ?|=| +)"?)custom\b`)
)

// A translation is what in a page stands for something else in the run. A page shows Paxos and Vault with
// the addresses that readers have; in the run, both have addresses of this machine.
type translation struct {
	pairs       []pair
	environment string // the page's latest name for the Paxos of the run
}

// A pair is a text of the page, and what it stands for in the run.
type pair struct{ page, run string }

// newTranslation returns a translation for a server with this address.
func newTranslation(vault string) *translation {
	t := &translation{environment: "sandbox"}
	t.add("127.0.0.1:8200", strings.TrimPrefix(vault, "http://"))
	return t
}

// add adds a pair. Of two pairs with the same text, the later one is used.
func (t *translation) add(page, run string) {
	t.pairs = append([]pair{{page, run}}, t.pairs...)
}

// toRun translates a block of the page.
func (t *translation) toRun(text string) string {
	for _, found := range written.FindAllStringSubmatch(text, -1) {
		t.environment = found[2]
	}
	text = written.ReplaceAllString(text, "${1}custom")
	return replace(text, t.pairs)
}

// toPage translates what a command printed.
func (t *translation) toPage(text string) string {
	text = answered.ReplaceAllString(text, "${1}"+t.environment)
	var pairs []pair
	for _, p := range t.pairs {
		if !t.foreign(p.page) {
			pairs = append(pairs, pair{page: p.run, run: p.page})
		}
	}
	return replace(text, pairs)
}

// foreign reports whether a text of the page is an address of Paxos in the environment that the page does
// not use.
func (t *translation) foreign(text string) bool {
	if !strings.Contains(text, ".paxos.com") {
		return false
	}
	return strings.Contains(text, ".sandbox.") == (t.environment == "production")
}

// replace replaces the first text of each pair by the second. Longer texts come first.
func replace(text string, pairs []pair) string {
	sorted := slices.Clone(pairs)
	slices.SortStableFunc(sorted, func(a, b pair) int { return len(b.page) - len(a.page) })
	var both []string
	for _, p := range sorted {
		both = append(both, p.page, p.run)
	}
	return strings.NewReplacer(both...).Replace(text)
}

// set is like add, unless the pair is known.
func (t *translation) set(page, run string) {
	if !slices.Contains(t.pairs, pair{page, run}) {
		t.add(page, run)
	}
}
