package input_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/input"
)

// rules are those of the tests.
var rules = input.Rules{
	Durations: map[string]input.Bounds{"bounded": {Least: time.Minute, Most: time.Hour}},
	Removed:   map[string]map[string]string{"things/(?P<name>.+)": {"gone": "use text instead"}},
}

// things is a path with a parameter of each type.
var things = &framework.Path{
	Pattern: "things/(?P<name>.+)$",
	Fields: map[string]*framework.FieldSchema{
		"name": {Type: framework.TypeString}, "text": {Type: framework.TypeString},
		"switch": {Type: framework.TypeBool}, "count": {Type: framework.TypeInt},
		"share": {Type: framework.TypeFloat}, "time": {Type: framework.TypeDurationSecond},
		"bounded": {Type: framework.TypeDurationSecond}, "list": {Type: framework.TypeCommaStringSlice},
		"pairs": {Type: framework.TypeKVPairs}, "other": {Type: framework.TypeMap},
	},
}

// check judges one parameter of an update of things/x.
func check(name string, value any) error {
	return rules.Check(things, &logical.Request{Operation: logical.UpdateOperation, Path: "things/x",
		Data: map[string]any{name: value}})
}

// times is a value so many times, as a list.
func times(count int, value any) []any {
	list := make([]any, count)
	for i := range list {
		list[i] = value
	}
	return list
}

// numbered is a map of so many pairs.
func numbered(count int) map[string]any {
	pairs := map[string]any{}
	for i := range count {
		pairs[strings.Repeat("k", i+1)] = "v"
	}
	return pairs
}

func TestCheckKnowsWhatAValueMustBe(t *testing.T) {
	t.Parallel()
	const long = 64 << 10
	for name, values := range map[string]struct{ good, bad []any }{
		"text": {
			[]any{"", "x", "é\n", strings.Repeat("x", long)},
			[]any{nil, 1, true, []any{"x"}, map[string]any{}, "a\x00b", "\x80", strings.Repeat("x", long+1)},
		},
		"switch": {
			[]any{true, false, "true", "0", "F"},
			[]any{nil, 1, "yes", "", []any{true}},
		},
		"count": {
			[]any{0, -1, 3.0, int64(7), "12", json.Number("12"), float64(math.MaxInt32)},
			[]any{nil, 1.5, "x", "", math.NaN(), math.Inf(1), "1e3", "010", json.Number("1.0"), "-2147483648",
				float64(math.MaxInt32 + 1), json.Number("x"), true,
				[]any{1}},
		},
		"share": {
			[]any{0.5, "0.5", 1, json.Number("1e-3")},
			[]any{nil, "half", "NaN", "Inf", math.Inf(-1), json.Number("1e999"), false},
		},
		"time": {
			[]any{0, 5, "5m", "60", 60.0, json.Number("60"), "87600h", "1d"},
			[]any{nil, "", -1, "-1s", 1.5, "x", "87600h1s", 1e12, json.Number("1e12"), strings.Repeat("0", 33), true,
				[]any{"5m"}},
		},
		"bounded": {
			[]any{"1m", "1h", 60, 3600, "61s"},
			[]any{nil, "59s", "1h1s", 0, "x", -60},
		},
		"list": {
			[]any{"", "a,b", []any{}, []any{"a", "b c"}, []string{"a"}, times(1000, "a"), strings.Repeat("a ", 1000)},
			[]any{nil, 1, []any{1}, []any{nil}, []any{[]any{"a"}}, map[string]any{}, "a\x00", []any{"\x80"},
				times(1001, "a"), strings.Repeat("a ", 1001), times(501, "a,a")},
		},
		"pairs": {
			[]any{map[string]any{}, map[string]any{"a": "b"}, "a=b", "a=", []any{"a=b", "c=d=e"}, numbered(1000)},
			[]any{nil, 1, map[string]any{"a": 1}, map[string]any{"\x80": "b"}, "a", "=b", []any{"a=b", 1}, []any{"a"},
				[]any{"a=b", "c=d", "a=e"}, []any{"a=b", "a=b"}, numbered(1001), times(1001, "a=b")},
		},
	} {
		for _, value := range values.good {
			if err := check(name, value); err != nil {
				t.Errorf("%s=%.40v: %v", name, value, err)
			}
		}
		for _, value := range values.bad {
			if err := check(name, value); err == nil || !strings.HasPrefix(err.Error(), name+" must be ") {
				t.Errorf("%s=%.40v: the error is %v", name, value, err)
			}
		}
	}
	if err := check("other", map[string]any{}); err == nil {
		t.Error("a parameter of a type that Check does not know is accepted")
	}
}

func TestCheckKnowsTheParametersOfAPath(t *testing.T) {
	t.Parallel()
	nothing := &framework.Path{Pattern: "nothing$"}
	many := map[string]any{}
	for _, name := range []string{"f", "e", "d", "c", "b", "a"} {
		many[name] = 1
	}
	for name, test := range map[string]struct {
		path      *framework.Path
		operation logical.Operation
		requested string
		data      map[string]any
		says      string // "" for no error
	}{
		"none": {things, logical.UpdateOperation, "things/x", nil, ""},
		"an unknown one": {things, logical.UpdateOperation, "things/x", map[string]any{"txt": "x"},
			`unknown parameter "txt". Parameters of this path: bounded, count, list, other, pairs, share, switch, text, time`},
		"unknown ones": {nothing, logical.UpdateOperation, "nothing", many,
			`unknown parameter "a", "b", "c", "d", "e". Parameters of this path: none`},
		"a removed one": {things, logical.UpdateOperation, "things/x", map[string]any{"gone": "x"},
			"gone was removed: use text instead"},
		"one removed from another path": {nothing, logical.UpdateOperation, "nothing", map[string]any{"gone": "x"},
			`unknown parameter "gone". Parameters of this path: none`},
		"null in a patch": {things, logical.PatchOperation, "things/x", map[string]any{"bounded": nil}, ""},
		"null in an update": {things, logical.UpdateOperation, "things/x", map[string]any{"list": nil},
			"list must be "},
		"null for an unknown": {things, logical.PatchOperation, "things/x", map[string]any{"txt": nil},
			"unknown parameter "},
		"a wrong value in a patch": {things, logical.PatchOperation, "things/x", map[string]any{"bounded": "2h"},
			"bounded must be a duration such as 5m, or a number of seconds, between 1m and 1h"},
		"a wrong value before an unknown one": {things, logical.UpdateOperation, "things/x",
			map[string]any{"a": 1, "text": 1}, "text must be a string"},
		"a bad name":          {things, logical.ReadOperation, "things/-x", nil, "name must have "},
		"a name of two parts": {things, logical.ReadOperation, "things/x/rotate", nil, ""},
		"no name":             {things, logical.ReadOperation, "things", nil, "name must have "},
		"a path without names": {&framework.Path{Pattern: "search", Fields: things.Fields}, logical.ReadOperation,
			"search", nil, ""},
	} {
		err := rules.Check(test.path,
			&logical.Request{Operation: test.operation, Path: test.requested, Data: test.data})
		if (err == nil) != (test.says == "") || err != nil && !strings.HasPrefix(err.Error(), test.says) {
			t.Errorf("%s: the error is %v, want %q", name, err, test.says)
		}
	}
}

// TestNoErrorRepeatsAValue gives every parameter a secret in every form that a caller may send.
func TestNoErrorRepeatsAValue(t *testing.T) {
	t.Parallel()
	const secret = "canary-secret"
	for name := range things.Fields {
		for _, value := range []any{
			secret, secret + "\x00", "\x80" +
				secret, strings.Repeat(secret, 10000), json.Number(secret), []string{secret, "\x00"},
			[]any{secret}, []any{secret, 1}, []any{[]any{secret}}, []any{map[string]any{secret: secret}},
			map[string]any{secret: 1}, map[string]any{"a": map[string]any{"b": secret}},
			map[string]any{"a": secret + "\x00"},
			times(1001, secret), struct{ Secret string }{secret}, &[]string{secret}[0],
		} {
			if err := check(name, value); err != nil && strings.Contains(err.Error(), "canary") {
				t.Errorf("%s=%.60v: the error is %v", name, value, err)
			}
		}
	}
	if err := check("gone", secret); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("the error on a removed parameter is %v", err)
	}
	err := check(strings.Repeat("x", 40)+secret, secret)
	if err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("the error on an unknown parameter is %v", err)
	}
	err = rules.Check(things, &logical.Request{Path: "things/" + secret + "/../x?"})
	if err != nil && strings.Contains(err.Error(), secret) {
		t.Errorf("the error on a name is %v", err)
	}
}

// FuzzCheck holds Check against the SDK: it can read what Check accepts. What it cannot read, its own
// error would repeat.
func FuzzCheck(f *testing.F) {
	for _, value := range []string{`"x"`, `1`, `1.5`, `-1`, `"1e3"`, `"0x10"`, `"0x1p4"`, `"1_000"`, `" 1"`, `"+1"`,
		`1e3`, `"5m"`, `"1d"`, `"1.5h"`, `"1e3s"`, `true`, `"t"`, `null`, `["a",1]`, `{"a":"b"}`, `{"a":null}`,
		`"a=b,c"`,
		`["a=b"]`, `"010"`, `"08"`, `"2147483648"`, `"1d1h"`, `"1."`, `".5"`, `"0b1"`, `1.0`, `"1.0"`, `"-0"`,
		`"\"a\"=b"`} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var plain, numbers any
		if json.Unmarshal([]byte(text), &plain) != nil {
			return
		}
		decoder := json.NewDecoder(strings.NewReader(text)) // Vault's, which keeps numbers as they are
		decoder.UseNumber()
		if err := decoder.Decode(&numbers); err != nil {
			return
		}
		for name := range things.Fields {
			for _, value := range []any{plain, numbers} {
				if check(name, value) != nil {
					continue
				}
				data := &framework.FieldData{Raw: map[string]any{name: value}, Schema: things.Fields}
				if _, _, err := data.GetOkErr(name); err != nil {
					t.Errorf("%s=%s (%T): Check accepts it, and the SDK says %v", name, text, value, err)
				}
			}
		}
	})
}
