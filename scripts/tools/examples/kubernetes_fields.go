package main

import (
	_ "embed"
	"strings"
)

// fieldList has the fields of manifests and of Helm values: a line for each, with its kind, its path, its type,
// and "required" if it must be there. [] stands for each item of a list, * for any name.
//
//go:embed fields.txt
var fieldList string

// A field says what a field of a manifest is.
type field struct {
	kind     string // string, boolean, integer, object or list
	required bool
}

// fieldsByKind are the fields of each kind of manifest, by their paths.
var fieldsByKind = parseFields(fieldList)

// parseFields reads a list of fields.
func parseFields(text string) map[string]map[string]field {
	all := map[string]map[string]field{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 3 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if all[words[0]] == nil {
			all[words[0]] = map[string]field{}
		}
		all[words[0]][words[1]] = field{kind: words[2], required: len(words) > 3 && words[3] == "required"}
	}
	return all
}
