package input_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/framework"

	"vault-plugin-secrets-paxos/backend/input"
)

// settings has a parameter of each kind that Given and Patch treat in a way of its own.
var settings = map[string]*framework.FieldSchema{
	"text":   {Type: framework.TypeString, Default: "usual"},
	"secret": {Type: framework.TypeString, DisplayAttrs: &framework.DisplayAttributes{Sensitive: true}},
	"list":   {Type: framework.TypeCommaStringSlice},
	"time":   {Type: framework.TypeDurationSecond, Default: 300},
}

// given is what a request with one parameter gives.
func given[T any](name string, value any) (T, bool) {
	raw := map[string]any{name: value}
	return input.Given[T](&framework.FieldData{Raw: raw, Schema: settings}, name)
}

func TestGivenAndPatch(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ got, want any }{
		"text":                       {first(given[string]("text", "x\n")), "x\n"},
		"null, with a default":       {first(given[string]("text", nil)), "usual"},
		"null, without":              {first(given[[]string]("list", nil)), []string{}},
		"a secret":                   {first(given[string]("secret", "x")), "x"},
		"a secret of a file":         {first(given[string]("secret", "x\n")), "x"},
		"a secret of a Windows file": {first(given[string]("secret", "x\r\n")), "x"},
		"a secret with two of them":  {first(given[string]("secret", "x\n\n")), "x\n"},
		"a list":                     {first(given[[]string]("list", "b, a\u00a0b\n,,c")), []string{"b", "a", "c"}},
		"an array":                   {first(given[[]string]("list", []any{"b a", "", "a"})), []string{"b", "a"}},
		"an empty list":              {first(given[[]string]("list", " ,")), []string{}},
	} {
		if !reflect.DeepEqual(test.got, test.want) {
			t.Errorf("%s is %#v, want %#v", name, test.got, test.want)
		}
	}
	none := &framework.FieldData{Schema: settings}
	if value, ok := input.Given[string](none, "text"); ok || value != "" {
		t.Errorf("of nothing is given %q, %v", value, ok)
	}
	text, length := "before", time.Hour
	input.Patch(none, "text", &text)
	input.PatchSeconds(none, "time", &length)
	if text != "before" || length != time.Hour {
		t.Errorf("a request with nothing changes them to %q, %s", text, length)
	}
	some := &framework.FieldData{Raw: map[string]any{"text": "after", "time": "2m"}, Schema: settings}
	input.Patch(some, "text", &text)
	input.PatchSeconds(some, "time", &length)
	if text != "after" || length != 2*time.Minute {
		t.Errorf("they are %q, %s", text, length)
	}
	input.PatchSeconds(&framework.FieldData{Raw: map[string]any{"time": nil}, Schema: settings}, "time", &length)
	if length != 5*time.Minute {
		t.Errorf("null gives back %s", length)
	}
}

// first is the value that was given.
func first[T any](value T, ok bool) any {
	if !ok {
		return "nothing"
	}
	return value
}
