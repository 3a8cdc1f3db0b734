package input_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/input"
)

func TestTextsForErrors(t *testing.T) {
	t.Parallel()
	names := strings.Fields("a b c d e f g h i j k l")
	for got, want := range map[string]string{
		input.Shortened(nil):                              "",
		input.Shortened(names[:10]):                       "a, b, c, d, e, f, g, h, i, j",
		input.Shortened(names):                            "a, b, c, d, e, f, g, h, i, j and 2 more",
		input.Excerpt("a\x1b\"b"):                         `"a\x1b\"b"`,
		input.Excerpt(strings.Repeat("a", 40)):            `"` + strings.Repeat("a", 40) + `"`,
		input.Excerpt(strings.Repeat("a", 39) + "é rest"): `"` + strings.Repeat("a", 39) + `\xc3"…`,
		input.Short(2 * time.Hour):                        "2h",
		input.Short(90 * time.Minute):                     "90m",
		input.Short(61 * time.Second):                     "61s",
		input.Short(0):                                    "0s",
	} {
		if got != want {
			t.Errorf("the text is %s, want %s", got, want)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"a": true, "_": true, "A-b.c_9": true, strings.Repeat("a", 128): true,
		"": false, "-a": false, "a-": false, ".a": false, "a..b": false, "a/b": false, "a b": false, "a\n": false,
		"é":                      false,
		strings.Repeat("a", 129): false,
	} {
		if got := input.ValidName(name); got != want {
			t.Errorf("%q is a name: %v", name, got)
		}
		if err := input.CheckClientID(name); (err == nil) != want {
			t.Errorf("%q as a Client ID: %v", name, err)
		}
	}
	for id, want := range map[string]bool{
		strings.Repeat("0f", 16): true, strings.Repeat("0F", 16): false, strings.Repeat("0", 31): false,
		strings.Repeat("0", 33): false, strings.Repeat("0", 32) + "\n": false, "": false,
	} {
		if got := input.ValidTokenID(id); got != want {
			t.Errorf("%q is a token's ID: %v", id, got)
		}
	}
}

func TestNoErrorOnASecretRepeatsAnyOfIt(t *testing.T) {
	t.Parallel()
	for secret, want := range map[string]bool{
		"~!aA9": true, strings.Repeat("q", 512): true,
		"": false, strings.Repeat("q",
			513): false, "qq qq": false, "qq\n": false, "qqé": false, "qq\x7f": false, "qq\x80": false,
	} {
		err := input.CheckClientSecret(secret)
		if (err == nil) != want || err != nil && strings.Contains(err.Error(), "qq") {
			t.Errorf("%q: %v", secret, err)
		}
	}
}

func TestMetadataIsBounded(t *testing.T) {
	t.Parallel()
	pairs := func(count int) map[string]string {
		made := map[string]string{}
		for i := range count {
			made[fmt.Sprint(i)] = ""
		}
		return made
	}
	long := func(length int) string { return strings.Repeat("x", length) }
	for name, test := range map[string]struct {
		metadata map[string]string
		says     string // "" for no error
	}{
		"none":        {nil, ""},
		"the most":    {pairs(64), ""},
		"too many":    {pairs(65), "metadata has 65 pairs; at most 64 are allowed"},
		"the longest": {map[string]string{long(128): long(512)}, ""},
		"a key": {map[string]string{long(129): ""},
			"metadata must have keys of at most 128 bytes and values of at most 512"},
		"a value": {map[string]string{"": long(513)},
			"metadata must have keys of at most 128 bytes and values of at most 512"},
	} {
		if err := input.CheckMetadata(test.metadata); (err != nil || test.says != "") && fmt.Sprint(err) != test.says {
			t.Errorf("%s: the error is %v, want %s", name, err, test.says)
		}
	}
}
