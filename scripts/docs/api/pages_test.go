package main

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// published is the folder of the pages.
var published = filepath.Join("..", "..", "..", "docs", "api")

// described returns the pages that the engine's descriptions make.
func described(t *testing.T) []page {
	t.Helper()
	pages, err := describeEngine()
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// TestPagesAreUpToDate compares the pages with the descriptions that path-help and OpenAPI have.
func TestPagesAreUpToDate(t *testing.T) {
	t.Parallel()
	want, err := documents(published, described(t))
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(published)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if _, ok := want[file.Name()]; !ok {
			t.Errorf("docs/api/%s documents no path of the engine: remove it", file.Name())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		have, err := os.ReadFile(filepath.Join(published, name))
		if err != nil {
			t.Error(err)
		} else if string(have) != want[name] {
			t.Errorf("docs/api/%s is stale: run `make docs`, and look at the diff", name)
		}
	}
}

// TestEveryParameterIsDescribed checks that no parameter lacks a default or an example.
func TestEveryParameterIsDescribed(t *testing.T) {
	t.Parallel()
	for _, p := range described(t) {
		for _, r := range p.routes {
			for _, f := range r.parameters() {
				if !f.described() || f.kind == "" {
					t.Errorf("%s: %s (%q) lacks a description, a type, a default or an example: %q", r.template, f.name,
						f.kind, r.Fields[f.name].Description)
				}
			}
		}
	}
}

// TestEveryAnswerIsDescribed checks that every field of an answer has a type and a description, and
// that a create answers as a write does, since pages describe only one of them.
func TestEveryAnswerIsDescribed(t *testing.T) {
	t.Parallel()
	for _, p := range described(t) {
		for _, r := range p.routes {
			answers := map[logical.Operation]map[int][]framework.Response{}
			r.each(func(v verb, properties framework.OperationProperties) {
				answers[v.operation] = properties.Responses
				for status, responses := range properties.Responses {
					for _, f := range fieldsOf(responses[0].Fields) {
						if f.kind == "" || f.description == "" {
							t.Errorf("%s of %s, %d: %+v lacks a type or a description", v.name, r.template, status, f)
						}
					}
				}
			})
			created, creates := answers[logical.CreateOperation]
			if creates && !reflect.DeepEqual(created, answers[logical.UpdateOperation]) {
				t.Errorf("%s: a create answers %v, a write %v", r.template, created, answers[logical.UpdateOperation])
			}
		}
	}
}

// TestEveryRequestHasASample checks that each page shows a request and its answer for everything that
// the path can do.
func TestEveryRequestHasASample(t *testing.T) {
	t.Parallel()
	for _, p := range described(t) {
		text, err := os.ReadFile(filepath.Join(published, p.file()))
		if err != nil {
			t.Fatal(err)
		}
		_, written, _ := strings.Cut(string(text), end)
		if !strings.Contains(written, "\n## Statuses\n") {
			t.Errorf("%s says nothing of statuses", p.file())
		}
		for _, r := range p.routes {
			r.each(func(v verb, _ framework.OperationProperties) {
				if !sampled(written, v.name) {
					t.Errorf("%s: no `### %s` with a shell block and a console block", p.file(), v.name)
				}
			})
		}
	}
}

// sampled reports whether a page has a sample request and its answer under the heading of a verb. A
// create and a write are one request.
func sampled(page, verb string) bool {
	if verb == "Create" {
		verb = "Write"
	}
	_, section, found := strings.Cut(page, "\n### "+verb+"\n")
	section, _, _ = strings.Cut(section, "\n## ")
	section, _, _ = strings.Cut(section, "\n### ")
	return found && request.MatchString(section)
}

var request = regexp.MustCompile("(?s)\n```shell\\b.*\n```console\\b")

// TestEveryPageIsInTheIndex checks that each page stands in one group of the index.
func TestEveryPageIsInTheIndex(t *testing.T) {
	t.Parallel()
	var listed, there []string
	for _, g := range groups {
		listed = append(listed, g.pages...)
	}
	for _, p := range described(t) {
		there = append(there, p.name)
	}
	slices.Sort(listed)
	if !slices.Equal(listed, there) {
		t.Errorf("groups in index.go list\n%v\nbut the pages are\n%v", listed, there)
	}
}
