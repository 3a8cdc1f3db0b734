package spec

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
	"github.com/hashicorp/vault/sdk/framework"

	"vault-plugin-secrets-paxos/backend/input"
)

// A Parameter describes a parameter of a path. Field makes the description from it that
// `vault path-help` and OpenAPI show, which always ends in the same form: the default and an example.
type Parameter struct {
	Type framework.FieldType
	// Text says what the parameter means, in whole sentences, without its default or an example.
	Text string
	// Example is a value as the command line takes it.
	Example string
	// Default is what counts if the parameter is left out. If nil, it is the zero value of the type.
	Default any
	// Otherwise replaces the default in the description, where the value alone would not tell what
	// it means.
	Otherwise string
	Required  bool // every request must have it
	Query     bool // a read, a list or a delete takes it too
	Allowed   []string
	Sensitive bool
	Label     string // for user interfaces, where the name of the parameter is not enough
	Multiline bool   // its value has several lines
}

// Parameters are the parameters of a path by name.
type Parameters map[string]Parameter

// Fields describes the parameters to Vault.
func (p Parameters) Fields() Fields {
	fields := Fields{}
	for name, parameter := range p {
		fields[name] = parameter.Field()
	}
	return fields
}

// With returns the parameters together with further ones.
func (p Parameters) With(more Parameters) Parameters {
	all := Parameters{}
	for _, some := range []Parameters{p, more} {
		for name, parameter := range some {
			all[name] = parameter
		}
	}
	return all
}

// Field describes the parameter to Vault. Its example is in DisplayAttrs.Value until Document moves
// it to where OpenAPI has examples.
func (p Parameter) Field() *framework.FieldSchema {
	field := &framework.FieldSchema{
		Type: p.Type, Default: p.value(), Required: p.Required, Query: p.Query,
		Description: fmt.Sprintf("%s %s Example: %s.", p.Text, p.absence(), p.Example),
		DisplayAttrs: &framework.DisplayAttributes{Name: p.Label, Value: p.Example, Sensitive: p.Sensitive,
			Identifier: p.Label == nameLabel},
	}
	if p.Multiline {
		field.DisplayAttrs.EditType = "textarea"
	}
	for _, value := range p.Allowed {
		field.AllowedValues = append(field.AllowedValues, value)
	}
	return field
}

// absence says what it means if the parameter is left out.
func (p Parameter) absence() string {
	switch {
	case p.Required:
		return "Required."
	case p.Otherwise != "":
		return "Default: " + p.Otherwise + "."
	case p.value() == nil:
		return "Default: none."
	}
	return fmt.Sprintf("Default: %v.", p.value())
}

// value is the default as OpenAPI shows it; nil if there is none. A switch that is left out is off,
// and a number is 0. A duration is a text, because that is the type that OpenAPI has for it.
func (p Parameter) value() any {
	switch {
	case p.Required, p.Otherwise != "" && p.Default == nil:
		return nil
	case p.Type == framework.TypeDurationSecond:
		d, _ := p.Default.(time.Duration)
		return input.Short(d)
	case p.Default != nil:
		return p.Default
	case p.Type == framework.TypeBool:
		return false
	case p.Type == framework.TypeInt:
		return 0
	}
	return nil
}

// Stated splits the description of a parameter into its default and its example. It reports whether
// the description has both. A parameter that is required has the default "".
func Stated(description string) (standard, example string, ok bool) {
	text, example, found := cutLast(strings.TrimSuffix(description, "."), " Example: ")
	if !found || example == "" {
		return "", "", false
	}
	if strings.HasSuffix(text, " Required.") {
		return "", example, true
	}
	_, standard, found = cutLast(strings.TrimSuffix(text, "."), " Default: ")
	return standard, example, found && standard != ""
}

// cutLast is strings.Cut at the last separator.
func cutLast(text, separator string) (before, after string, found bool) {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(separator):], true
}

// sample is the example of a parameter as the type that OpenAPI has for it.
func sample(kind, example string) any {
	switch kind {
	case "boolean":
		value, _ := parseutil.ParseBool(example)
		return value
	case "integer":
		value, _ := parseutil.ParseInt(example)
		return value
	case "number":
		value, _ := strconv.ParseFloat(example, 64)
		return value
	case "array":
		return input.SplitList([]string{example})
	case "object":
		pairs := map[string]any{}
		for _, pair := range strings.Split(example, ",") {
			key, value, _ := strings.Cut(pair, "=")
			pairs[key] = value
		}
		return pairs
	}
	return example
}
