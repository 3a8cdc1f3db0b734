package answer

import (
	"strings"
	"testing"
)

// The values of a page, and others of the same kinds.
const (
	uuid      = "1bbbb1b8-d6c4-48ba-b50c-0cdba62ee705"
	otherUUID = "5550fe54-fb6f-4f34-aa50-60a4dda5c09a"
	hex32     = "e4f01a3dce239751fa27adcb5db86c7c"
	other32   = "8df16544aa50be4f72e9e4612599279b"
	token     = "tOlvSzHYlIZTw138Pz24bWYNBsZcNeFfKOgRb3cwBiM.CElu7wRjTxuNZzFDT5hRwcYpWPfnRmPXNuH7gqNxMzc"
	otherTok  = "-ESaCKTHycxjXpbDSz9WdgJvvWhQCwEuU_Io4t0hqhI.cvENySgYmeZBuXs2gB4dM7NAHo_zsUM4HChRbpJvlJ-"
	secret    = "VvGf2lirDbFgySV7xkzRgfzpge5_rRhDQc9v2620Mk4"
	otherSec  = "bttdNQZqpoWFBsb-qC5HN4kKEeKOytnwy5Cb9TVAs0s"
	lease     = "5FOlQyf5v12EW4bRfypRDU0q"
	otherLea  = "aFOlQyf5v12EW4bRfypRDU0Z"
	pem       = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0C\nAQYIKoZI+/w=\n-----END PUBLIC KEY-----"
	otherPEM  = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\nabcdefgh\n-----END PUBLIC KEY-----"
)

// TestMasks checks for each kind of value what may differ, and what around it or like it may not.
func TestMasks(t *testing.T) {
	t.Parallel()
	hex64, other64 := hex32+hex32, other32+hex32
	for name, test := range map[string]struct {
		page string
		same []string // answers that are as the page says
		not  []string // answers that are not
	}{
		"word": {"secret_verified true", []string{"secret_verified\ttrue\n", "secret_verified    true"},
			[]string{"secret_verified false", "secret_verified", "secret_verified true true", ""}},
		"number": {"draining 1", nil, []string{"draining 2", "draining 1.0", "draining 11"}},
		"amount": {"left:9403 of 10000", nil, []string{"left:9404 of 10000", "left:9403 of 1000"}},
		"uuid": {"client_id " + uuid, []string{"client_id  " + otherUUID},
			[]string{"client_id root", "client_name " + otherUUID, "client_id " + otherUUID[1:], "client_id " + hex32}},
		"token_id": {"token_id " + hex32, []string{"token_id " + other32},
			[]string{"token_id " + hex64, "token_id " + uuid, "token_id x"}},
		"hash": {"hmac-sha256:" + hex64,
			[]string{"hmac-sha256:" + other64, "hmac-sha256:" + other64 + "\n"},
			[]string{"sha256:" + other64, "hmac-sha256:" + other32}},
		"shortened hash": {"hmac-sha256:e4f0…", []string{"hmac-sha256:" + other64},
			[]string{"hmac-sha256:plain", "hmac-sha256:"}},
		"vault token": {"token hvs.CAESIJ_abcdef-", []string{"token hvs.CAESother_one"},
			[]string{"token hvb.CAESIJ_abcdef-", "token s"}},
		"shortened vault token": {"token hvs.CAES…", []string{"token hvs.CAESother_one"}, []string{"token none"}},
		"access token": {"access_token " + token, []string{"access_token " + otherTok, `access_token     ` + otherTok},
			[]string{"access_token " + secret, "token " + otherTok, "access_token n/a"}},
		"shortened access token": {"access_token tOlvSzHYlIZT…", []string{"access_token " + otherTok},
			[]string{"access_token", "access_token none"}},
		"access token of JSON": {`"access_token": "tOlvSzHYlIZT…",`,
			[]string{`"access_token": "` + otherTok + `",`},
			[]string{`"access_token": "",`, `"access_token": "` + otherTok + `"`}},
		"bearer": {"Authorization: Bearer tOlv…", []string{"Authorization: Bearer " + otherTok},
			[]string{"Authorization: Basic " + otherTok}},
		"client secret": {"client_secret " + secret, []string{"client_secret " + otherSec},
			[]string{"client_secret hidden", "secret " + otherSec}},
		"shortened client secret": {"client_secret VvGf…", []string{"client_secret " + otherSec},
			[]string{"client_secret x"}},
		"lease": {"lease_id paxos/creds/mint-role/" + lease, []string{"lease_id paxos/creds/mint-role/" + otherLea},
			[]string{"lease_id paxos/creds/other/" + otherLea, "lease_id paxos/creds/mint-role/" + otherLea + "a",
				"lease_id paxos/creds/mint-role"}},
		"accessor": {"token_accessor " + lease, []string{"token_accessor " + otherLea},
			[]string{"accessors " + otherLea, "token_accessor none"}},
		"mount accessor": {"accessor vault-plugin-secrets-paxos_1a2b3c4d",
			[]string{"accessor vault-plugin-secrets-paxos_00ffeedd"}, []string{"accessor kv_00ffeedd"}},
		"time": {"expires_at 2026-11-27T10:15:45Z",
			[]string{"expires_at 2027-01-01T00:00:00.123456Z", "expires_at 2026-11-27T10:15:45+01:00"},
			[]string{"expires_at n/a", "expires_at 2026-11-27", "created_at 2026-11-27T10:15:45Z"}},
		"unix time": {"creation_time 1795771245", []string{"creation_time 1795771299"},
			[]string{"creation_time 179577124", "creation_time 0"}},
		"public key": {"public_key " + pem, []string{"public_key " + otherPEM},
			[]string{"public_key none", "public_key -----BEGIN PRIVATE KEY-----"}},
		"public key of JSON": {`"` + strings.ReplaceAll(pem, "\n", `\n`) + `\n"`,
			[]string{`"` + strings.ReplaceAll(otherPEM, "\n", `\n`) + `\n"`},
			[]string{`"` + strings.ReplaceAll(otherPEM, "PUBLIC", "PRIVATE") + `\n"`}},
		"signature": {"Paxos-Signature: eyJhbGciOiJFUzI1NiJ9..c2lnbmF0dXJl",
			[]string{"Paxos-Signature: eyJraWQiOiJhIn0..b3RoZXI"},
			[]string{"Paxos-Signature: none", "Signature: eyJraWQiOiJhIn0..b3RoZXI"}},
		"shortened signature": {"Paxos-Signature: eyJhbGciOiJF…",
			[]string{"Paxos-Signature: eyJraWQiOiJhIn0..b3RoZXI"}, []string{"Paxos-Signature: "}},

		"duration that runs out": {"lease_duration 59m58s",
			[]string{"lease_duration 59m12s", "lease_duration 1h0m0s", "lease_duration 59m"},
			[]string{"lease_duration 58m30s", "lease_duration 29m58s"}},
		"duration in a sentence": {"Retry in 42s.", []string{"Retry in 39s."}, []string{"Retry in 30s.", "Retry in 42m."}},
		"setting":                {"ttl 5m0s", nil, []string{"ttl 4m59s", "ttl 5m1s", "ttl 300"}},
		"setting in words":       {"Paxos did not answer within 10s", nil, []string{"Paxos did not answer within 15s"}},
		"seconds": {"lease_duration 3569", []string{"lease_duration 3530"},
			[]string{"lease_duration 3400", "lease_duration 0", "generation 3530"}},
		"seconds of a setting": {"lease_duration 3600", nil, []string{"lease_duration 3599"}},
		"spread":               {`"ttl": 296,`, []string{`"ttl": 241,`}, []string{`"ttl": 200,`, `"max_ttl": 296,`}},
		"spread of a table":    {"ttl 4m56s", []string{"ttl 4m1s", "ttl 5m"}, []string{"ttl 3m20s", "max_ttl 4m1s"}},
		"other numbers":        {"count 296", nil, []string{"count 295"}},
	} {
		for _, run := range append(test.same, test.page) {
			if difference := Compare(test.page, run, untyped); difference != "" {
				t.Errorf("%s: %q: %s", name, run, difference)
			}
		}
		for _, run := range test.not {
			if Compare(test.page, run, untyped) == "" {
				t.Errorf("%s: %q passes for %q", name, run, test.page)
			}
		}
	}
}

// untyped says that a page's reader types nothing.
func untyped(string) bool { return false }

// TestSameIDs checks that what a page shows as one id was one id in the run, and that two were two.
func TestSameIDs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		page, run string
		same      bool
	}{
		"one id":           {uuid + " " + uuid, otherUUID + " " + otherUUID, true},
		"one id, two run":  {uuid + " " + uuid, otherUUID + " " + uuid, false},
		"two ids":          {uuid + " " + otherUUID, otherUUID + " " + uuid, true},
		"two ids, one run": {uuid + " " + otherUUID, hexOf(uuid) + " " + hexOf(uuid), false},
		"two kinds of ids": {uuid + " " + hex32, otherUUID + " " + other32, true},
		"one time, two run": {"2026-11-27T10:15:45Z 2026-11-27T10:15:45Z",
			"2026-11-27T10:15:45Z 2026-11-27T10:15:46Z", true},
	} {
		if got := Compare(test.page, test.run, untyped) == ""; got != test.same {
			t.Errorf("%s: the same: %t", name, got)
		}
	}
}

// hexOf returns another UUID.
func hexOf(uuid string) string { return strings.ReplaceAll(uuid, "b", "c") }

// TestTyped checks that what a reader types is in the answer as it was typed.
func TestTyped(t *testing.T) {
	t.Parallel()
	for _, value := range []string{uuid, "2026-11-27T10:15:45Z", hex32, "21s"} {
		typed := func(text string) bool { return text == value }
		other := strings.NewReplacer("1", "2").Replace(value)
		if difference := Compare("x "+value, "x "+value, typed); difference != "" {
			t.Error(difference)
		}
		if Compare("x "+value, "x "+other, typed) == "" {
			t.Errorf("%s passes for %s, which was typed", other, value)
		}
		if Compare("x "+value, "x "+other, untyped) != "" {
			t.Errorf("%s does not pass for %s", other, value)
		}
	}
}

// TestOmissions checks where lines may be left out.
func TestOmissions(t *testing.T) {
	t.Parallel()
	const run = "Key Value\n--- -----\na 1\nb 2\nc 3 4\n"
	for page, same := range map[string]bool{
		"Key Value\n…\nb 2\n…":           true,
		"…\nc 3 4":                       true,
		"…\nc 3\n4\n…":                   true,  // a line may go on in the next line of the page
		"…\nc 3\n…":                      false, // not the whole line
		"Key\n…":                         false,
		"Key Value\n…":                   true,
		"…":                              true,
		"…\na 1\n…\nb 2\n…\nc 3 4":       true,
		"…\na 1\nb 2\n…":                 true,
		"…\nb 3\n…":                      false, // a changed number
		"…\nb 2\n…\na 1\n…":              false, // another order
		"…\n3 4":                         false, // not the beginning of a line
		"…\nb 2":                         false, // not the end
		"b 2\n…":                         false, // not the beginning
		"…\nc 3 4\n…\nc 3 4":             false, // it was printed once
		"Key Value … a 1":                false, // it is not a line
		"Key Value\n--- -----\na 1\nb 2": false,
	} {
		if difference := Compare(page, run, untyped); (difference == "") != same {
			t.Errorf("%q: %q", page, difference)
		}
	}
}

// TestDifference checks that a difference names both words and what is before them.
func TestDifference(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ page, run, want string }{
		{"a b c 1", "a b c 2", `the page has "1", the command printed "2" (after "a b c")`},
		{"a b", "a", `the page goes on with "b"`},
		{"a", "a b c", `the command also printed "b c"`},
		{"id " + uuid + " x", "id " + otherUUID + " y", `"x", the command printed "y" (after "id ` + uuid + `")`},
		{"…\nb 2\n…", "a\nb 3\n", "the command did not print: b 2"},
	} {
		if got := Compare(test.page, test.run, untyped); !strings.Contains(got, test.want) {
			t.Errorf("%q and %q: %q, want %q", test.page, test.run, got, test.want)
		}
	}
}

// TestDiff checks that values that may differ are no difference between lines.
func TestDiff(t *testing.T) {
	t.Parallel()
	got := Diff("Key  Value\nid   "+uuid+"\nstate new\nend\n", "Key Value\nid "+otherUUID+"\nstate old\nmore\nend\n")
	want := "  Key  Value\n  id   " + uuid + "\n- state new\n+ state old\n+ more\n  end\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
