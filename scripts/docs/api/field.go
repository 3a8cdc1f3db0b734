package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
)

// A field is a parameter of a request or a field of an answer.
type field struct {
	name, kind  string
	description string // without what follows
	fallback    string // the default, in words; "" if there is none or the parameter must be given
	example     string
	required    bool
	inPath      bool // a part of the path, not of the body
}

// fieldsOf are the fields of a schema in alphabetical order.
func fieldsOf(schema map[string]*framework.FieldSchema) []field {
	var fields []field
	for _, name := range slices.Sorted(maps.Keys(schema)) {
		fields = append(fields, newField(name, schema[name]))
	}
	return fields
}

// newField takes a description apart. Those of parameters end in "Default: …. Example: …." or in
// "Required. Example: …."
func newField(name string, schema *framework.FieldSchema) field {
	f := field{name: name, kind: kinds[schema.Type], description: strings.TrimSpace(schema.Description)}
	before, example, found := cutLast(f.description, "Example: ")
	if !found {
		return f
	}
	f.description, f.example = before, strings.TrimSuffix(example, ".")
	if before, required := strings.CutSuffix(f.description, "Required."); required {
		f.description, f.required = strings.TrimSpace(before), true
	} else if before, fallback, found := cutLast(f.description, "Default: "); found {
		f.description, f.fallback = before, strings.TrimSuffix(fallback, ".")
	}
	return f
}

// cutLast is strings.Cut at the last of several separators, without the spaces around it.
func cutLast(text, separator string) (before, after string, found bool) {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return text, "", false
	}
	return strings.TrimSpace(text[:i]), strings.TrimSpace(text[i+len(separator):]), true
}

// kinds are the names of types as pages have them.
var kinds = map[framework.FieldType]string{
	framework.TypeString:           "string",
	framework.TypeLowerCaseString:  "string",
	framework.TypeNameString:       "string",
	framework.TypeInt:              "integer",
	framework.TypeInt64:            "integer",
	framework.TypeFloat:            "number",
	framework.TypeBool:             "boolean",
	framework.TypeMap:              "object",
	framework.TypeKVPairs:          "map of strings",
	framework.TypeSlice:            "list",
	framework.TypeStringSlice:      "list of strings",
	framework.TypeCommaStringSlice: "list of strings",
	framework.TypeDurationSecond:   "duration",
	framework.TypeTime:             "time",
}

// described reports whether a parameter says what it is if it is left out, and has an example.
func (f field) described() bool {
	return f.description != "" && f.example != "" && (f.inPath || f.required || f.fallback != "")
}

// parameter is the item of the list of parameters.
func (f field) parameter() string {
	about := f.kind
	switch {
	case f.inPath:
		about += ", in the path"
	case f.required:
		about += ", required"
	case f.fallback != "":
		about += ", default: " + marked(f.fallback)
	}
	text := fmt.Sprintf("- `%s` (%s) – %s", f.name, about, marked(f.description))
	if f.example != "" {
		text += " Example: " + quoted(f.example) + "."
	}
	return wrapped(text, "  ")
}

// answered is the item of the list of an answer's fields.
func (f field) answered() string {
	return wrapped(fmt.Sprintf("- `%s` (%s) – %s", f.name, f.kind, marked(f.description)), "  ")
}

// parameters are the parameters of a path: those in the path first, then those that must be given.
func (r route) parameters() []field {
	fields := fieldsOf(r.Fields)
	for i := range fields {
		fields[i].inPath = strings.Contains(r.template, "{"+fields[i].name+"}")
	}
	slices.SortStableFunc(fields, func(a, b field) int { return a.rank() - b.rank() })
	return fields
}

// rank is lower the earlier the parameter comes.
func (f field) rank() int {
	switch {
	case f.inPath:
		return 0
	case f.required:
		return 1
	}
	return 2
}
