package paxostest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// TestControlKeys registers, retires and removes keys with the control API.
func TestControlKeys(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	h.enforce("ListProfiles")
	s := newSigner(h)
	path := "/sandbox/credentials/" + s.clientID + "/keys"
	private := newEd25519(t)
	form, err := json.Marshal(map[string]string{"nickname": "by hand", "public_key": publicPEM(t, private.Public())})
	if err != nil {
		t.Fatal(err)
	}
	made := h.call("", http.MethodPost, path, string(form))
	h.wantStatus(made, http.StatusOK)
	next := s
	next.private, next.keyID = private, made.object(t)["id"].(string)
	wantAccepted(t, "the new key", next.callSigned(http.MethodGet, "/v2/profiles", ""))
	if made.object(t)["algorithm"] != "EdDSA" {
		t.Errorf("answered %s", made.body)
	}
	h.wantStatus(h.call("", http.MethodPost, path, string(form)), http.StatusConflict)

	retired := h.call("", http.MethodPost, path+"/"+s.keyID+"/deactivate", "")
	h.wantStatus(retired, http.StatusOK)
	if keys := retired.object(t)["client_public_keys"].([]any); keys[0].(map[string]any)["active"] != false {
		t.Errorf("answered %s", retired.body)
	}
	h.wantStatus(h.call("", http.MethodDelete, path+"/"+next.keyID, ""), http.StatusOK)
	wantRefused(t, "the removed key", next.callSigned(http.MethodGet, "/v2/profiles", ""), 401, "unknown Key ID: ")

	for _, test := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", path, `{"public_key":"x"}`, 400},
		{"POST", path, `{"pem":"x"}`, 400},
		{"POST", "/sandbox/credentials/nobody/keys", string(form), 404},
		{"POST", path + "/none/deactivate", "", 404},
		{"DELETE", path + "/none", "", 404},
	} {
		if a := h.call("", test.method, test.path, test.body); a.status != test.status {
			t.Errorf("%s %s: %d %s, want %d", test.method, test.path, a.status, a.body, test.status)
		}
	}
}

// TestControlEnforcement changes with the control API which requests must be signed, and reads what was
// executed.
func TestControlEnforcement(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	s := newSigner(h)
	const path = "/sandbox/signatures"
	want := func(a answer, body string) {
		t.Helper()
		if a.status != http.StatusOK || a.body != body {
			t.Errorf("%d %s, want %s", a.status, a.body, body)
		}
	}
	want(h.call("", http.MethodGet, path, ""), `{"credentials":false,"operations":[],"status":401}`)
	want(h.call("", http.MethodPut, path, `{"operations":["CreateCryptoWithdrawal"],"status":403}`),
		`{"credentials":false,"operations":["CreateCryptoWithdrawal"],"status":403}`)
	wantRefused(t, "unsigned", s.sendSigned(http.MethodPost, withdrawalPath, withdrawalBody), 403,
		"no Paxos-Signature header set")
	want(h.call("", http.MethodPut, path, `{}`), `{"credentials":false,"operations":[],"status":401}`)
	want(h.call("", http.MethodGet, "/sandbox/executed", ""), `{"executed":[]}`)
	wantAccepted(t, "not demanded", s.sendSigned(http.MethodPost, withdrawalPath, withdrawalBody))
	for _, bad := range []string{`{"operations":["x"]}`, `{"status":500}`, `{"operation":"x"}`, ``} {
		h.wantStatus(h.call("", http.MethodPut, path, bad), http.StatusBadRequest)
	}
	executed := h.call("", http.MethodGet, "/sandbox/executed", "")
	for _, piece := range []string{`"operation":"CreateCryptoWithdrawal"`, `"amount":"5"`, `"source":"p-1"`,
		`"ref_id":"order-1"`, `"client_id":"` + s.clientID + `"`, `"path":"/v2/transfer/crypto-withdrawals"`} {
		if !strings.Contains(executed.body, piece) {
			t.Errorf("executed lacks %s: %s", piece, executed.body)
		}
	}
}
