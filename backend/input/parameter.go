package input

import (
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/vault/sdk/framework"
)

// Given returns the named parameter, and whether the request has it. It returns the default for
// null. Every list and every secret is read here, so that all of them are treated the same way.
func Given[T any](d *framework.FieldData, name string) (T, bool) {
	raw, ok := d.Raw[name]
	if !ok {
		var none T
		return none, false
	}
	if raw == nil {
		return d.GetDefaultOrZero(name).(T), true
	}
	value := d.Get(name)
	switch written := value.(type) {
	case []string:
		value = SplitList(written)
	case string:
		if attributes := d.Schema[name].DisplayAttrs; attributes != nil && attributes.Sensitive {
			value = withoutLineBreak(written)
		}
	}
	return value.(T), true
}

// Patch copies the named parameter into dst if the request has it. Null, which only a PATCH may
// have, gives the default back.
func Patch[T any](d *framework.FieldData, name string, dst *T) {
	if value, ok := Given[T](d, name); ok {
		*dst = value
	}
}

// PatchSeconds is Patch for a duration, which the SDK reads as a number of seconds.
func PatchSeconds(d *framework.FieldData, name string, dst *time.Duration) {
	if seconds, ok := Given[int](d, name); ok {
		*dst = time.Duration(seconds) * time.Second
	}
}

// withoutLineBreak takes one line break off the end of a secret, because a file that a secret is
// read from often ends in one.
func withoutLineBreak(secret string) string {
	return strings.TrimSuffix(strings.TrimSuffix(secret, "\n"), "\r")
}

// SplitList returns the elements of a list, each once, in the order in which they were written.
func SplitList(written []string) []string {
	list := []string{}
	seen := map[string]bool{}
	for _, element := range Elements(written) {
		if !seen[element] {
			seen[element] = true
			list = append(list, element)
		}
	}
	return list
}

// Elements splits a list at commas and white space, because the Dashboard prints scopes in one way
// and people write them in others. It returns no empty elements. No list of this engine has
// elements that hold a comma or white space.
func Elements(written []string) []string {
	var elements []string
	for _, text := range written {
		elements = append(elements, strings.FieldsFunc(text, func(r rune) bool {
			return r == ',' || unicode.IsSpace(r)
		})...)
	}
	return elements
}
