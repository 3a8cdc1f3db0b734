package main

import (
	"fmt"
	"slices"
	"strings"
)

// indexName is the file that lists the pages.
const indexName = "README.md"

// A group is a heading of the index with its pages, in the order in which a reader needs them.
type group struct {
	title string
	pages []string
}

var groups = []group{
	{"Set up a mount", []string{"config", "config-connection", "config-rotate-root", "config-replace-root",
		"config-promote-standby", "config-resume", "probe"}},
	{"Tokens", []string{"roles", "roles-rotate", "token", "creds"}},
	{"What Paxos's API knows", []string{"operations", "scopes", "scope-sets"}},
	{"Stored clients", []string{"clients", "clients-rotate"}},
	{"Request signing", []string{"keys", "keys-kid", "keys-rotate", "signers", "sign"}},
	{"Security", []string{"config-guardrails", "report-least-privilege", "report-drift", "exceptions", "lookup",
		"lockdown"}},
	{"Monitoring", []string{"status", "metrics", "revocations"}},
}

// index is the generated part of the index. A page that no group names comes last.
func index(pages []page) string {
	rest := slices.Clone(pages)
	var text strings.Builder
	for _, g := range groups {
		fmt.Fprintf(&text, "## %s\n\n", g.title)
		for _, name := range g.pages {
			i := slices.IndexFunc(rest, func(p page) bool { return p.name == name })
			if i < 0 {
				continue
			}
			text.WriteString(entry(rest[i]))
			rest = slices.Delete(rest, i, i+1)
		}
		text.WriteString("\n")
	}
	if len(rest) > 0 {
		text.WriteString("## More\n\n")
	}
	for _, p := range rest {
		text.WriteString(entry(p))
	}
	return strings.TrimSpace(text.String())
}

// entry is the item of a page in the index.
func entry(p page) string {
	return wrapped(fmt.Sprintf("- [`%s`](%s) – %s", p.main().readable(), p.file(), marked(p.main().HelpSynopsis)), "  ")
}

// count says how much is described.
func count(pages []page) string {
	paths, parameters, described := 0, 0, 0
	for _, p := range pages {
		for _, r := range p.routes {
			paths++
			for _, f := range r.parameters() {
				parameters++
				if f.described() {
					described++
				}
			}
		}
	}
	return fmt.Sprintf("docs/api: %d pages for %d paths; %d of %d parameters have a default, or are required, and an "+
		"example", len(pages), paths, described, parameters)
}
