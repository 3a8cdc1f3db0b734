package backend_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
)

// FuzzInput sends any JSON object to any path: no panic, no server error, no secret
// in the answer or the log, and Paxos hears of it only where a token was issued.
func FuzzInput(f *testing.F) {
	operations := []logical.Operation{
		logical.ReadOperation, logical.UpdateOperation, logical.PatchOperation, logical.ListOperation,
		logical.DeleteOperation,
	}
	paths := []string{"config", "config/connection", "config/guardrails", "roles/", "roles/mint",
		"roles/mint/rotate", "scope-sets/s", "scopes/", "operations/", "creds/mint", "token/mint", "lookup",
		"revocations/", "revocations/x", "status", "metrics", "nothing"}
	for _, body := range []string{
		`{}`, `{"client_secret":{"v":"canary-"}}`, `{"client_secret":["canary-"]}`,
		`{"environment":7,"client_id":null}`,
		`{"scopes":[["canary-"]],"ttl":"canary-"}`, `{"scopes":"a:b","ttl":1e99}`, `{"scopes":"","ttl":-1}`,
		`{"metadata":{"a":{"b":"canary-"}}}`,
		`{"canary-":1}`, `{"limit":"x","after":{}}`, `{"refresh_at":"NaN"}`,
		`{"proxy_password":"canary-","proxy_url":"http://u:canary-@h"}`,
		`{"token_url":"https://canary-@h/x"}`, `{"verify_connection":"canary-"}`,
		`{"access_token":"canary-","token_id":{"canary-":0}}`,
		`{"allowed_scopes":["canary-:*",null],"max_ttl":"canary-"}`, `{"ttl":"99999999999999999999h"}`,
		`{"rejected_token_id":"canary-"}`, `{"rejected_token_id":["canary-"],"scopes":"canary-"}`,
		`{"rejected_token_id":"00112233445566778899aabbccddeeff"}`,
		`{"grace":"canary-","poll_interval":"canary-"}`, `{"grace":"20m","poll_interval":10,"disabled":true}`,
		`{"grace":-1}`, `{"grace":1e300}`,
		`{"operations":"canary-","scope_sets":[["canary-"]]}`, `{"risk":"canary-","tag":"canary-","q":["canary-"]}`,
	} {
		for path := range paths {
			f.Add(uint8(1), uint8(path), body)
		}
	}
	f.Fuzz(func(t *testing.T, operation, path uint8, body string) {
		var data map[string]any
		if json.Unmarshal([]byte(body), &data) != nil {
			return
		}
		m := newInProcessMount(t)
		m.ConfigureWithRole()
		upstream := m.Paxos.TotalCalls()
		op, where := operations[int(operation)%len(operations)], paths[int(path)%len(paths)]
		resp, err := m.Do(op, where, data)
		status, said := 200, ""
		if err != nil || resp.IsError() {
			var problem error
			status, problem = logical.RespondErrorCommon(&logical.Request{Operation: op}, resp, err)
			logical.AdjustErrorStatusCode(&status, problem)
			said = problem.Error()
		}
		switch {
		case status >= 500 && !strings.Contains(said, "Paxos"):
			t.Errorf("%s %s %s: %d %s", op, where, body, status, said)
		case strings.Contains(body, backendtest.Canary) &&
			strings.Contains(strings.ReplaceAll(said, `"`+backendtest.Canary+`"`, ""), backendtest.Canary):
			// the name of an Unknown parameter may be quoted
			t.Errorf("%s %s %s: the answer repeats a secret: %s", op, where, body, said)
		case status == 400 && m.Paxos.TotalCalls() != upstream && !strings.Contains(said, "Paxos"):
			t.Errorf("%s %s %s: Paxos was called for bad input", op, where, body)
		case strings.Contains(m.Log.String(), backendtest.Canary), strings.Contains(m.Log.String(), "panicked"):
			t.Errorf("%s %s %s: the log holds %s", op, where, body, m.Log)
		}
	})
}
