package paxos

import (
	"encoding/json"
	"testing"
	"time"
)

// FuzzTokenReply checks that, for any reply of the token endpoint, the OAuth2 library gets one JSON
// object whose expires_in, if there is one, is a whole number.
func FuzzTokenReply(f *testing.F) {
	for _, seed := range []string{
		`{"access_token":"a","token_type":"bearer","expires_in":3599,"scope":"a b"}`, `{"expires_in":"3599"}`,
		`{"expires_in":1e99}`,
		`{"expires_in":-1.5}`, `{"expires_in":null}`, `{"expires_in":"NaN"}`, `{"expires_in":{}}`,
		`{"expires_in":99999999999999999999}`,
		`{"Expires_In":1,"expires_in":2}`, `{"a":1,"a":2}`, `{}{}`, `{} x`, `[]`, `null`, `"x"`, ``, "\ufeff{}",
		"{\"a\":\"\xff\"}", `{"a":[[[[]]]]}`,
		`{"EXPIRES_IN":1.5}`, `{"error":{}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		clean, err := tokenReply(body)
		if err != nil {
			return
		}
		if !json.Valid(body) {
			t.Errorf("%q is no JSON and was taken for a reply", body)
		}
		var reply map[string]json.RawMessage
		if err := json.Unmarshal(clean, &reply); err != nil || reply == nil {
			t.Fatalf("%q became %q, which is no object: %v", body, clean, err)
		}
		var seconds int64
		if raw, ok := reply["expires_in"]; ok && (string(raw) == "null" || json.Unmarshal(raw, &seconds) != nil) {
			t.Errorf("%q became an expires_in of %s", body, raw)
		}
	})
}

// FuzzRetryAfter checks that no header leads to a time that is negative or overflows.
func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{
		"", "0", "120", "-1", "+5", "1e9", "9223372036854775807", "9223372037", "Sun, 01 Mar 2026 12:07:00 GMT",
		"Sunday, 01-Mar-26 12:07:00 GMT", "Sun Mar  1 12:07:00 2026", "Fri, 31 Dec 9999 23:59:59 GMT",
		"Mon, 01 Jan 0001 00:00:00 GMT",
	} {
		f.Add(seed)
	}
	now := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, header string) {
		if wait := retryAfter(header, now); wait < 0 || wait > 365*24*time.Hour {
			t.Errorf("%q is a wait of %s", header, wait)
		}
	})
}
