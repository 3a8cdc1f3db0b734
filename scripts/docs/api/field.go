package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"

	"vault-plugin-secrets-paxos/backend/spec"
)

// A field is a parameter of a request or a field of an answer.
type field struct {
	name, kind  string
	description string // without what follows
	standard    string // the default; "" if the parameter must be given
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

// newField takes a description apart: what it means, what counts if it is left out, and an example.
// Fields of answers have only the first.
func newField(name string, schema *framework.FieldSchema) field {
	f := field{name: name, kind: kinds[schema.Type], description: strings.TrimSpace(schema.Description)}
	standard, example, ok := spec.Stated(f.description)
	if !ok {
		return f
	}
	absence := "Required."
	if standard != "" {
		absence = "Default: " + standard + "."
	}
	f.description = strings.TrimSuffix(f.description, " "+absence+" Example: "+example+".")
	f.standard, f.example, f.required = standard, example, standard == ""
	return f
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

// described reports whether a parameter says what it is, what counts if it is left out, and has an
// example.
func (f field) described() bool {
	return f.description != "" && f.example != "" && (f.required || f.standard != "")
}

// parameter is the item of the list of parameters.
func (f field) parameter() string {
	about := f.kind
	switch {
	case f.inPath:
		about += ", in the path"
	case f.required:
		about += ", required"
	case f.standard != "":
		about += ", default: " + marked(f.standard)
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
