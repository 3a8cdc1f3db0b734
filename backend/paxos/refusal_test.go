package paxos_test

import (
	"net/http"
	"testing"

	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// TestMintRefusals checks what is told of a refusal, and that none is asked for twice.
func TestMintRefusals(t *testing.T) {
	t.Parallel()
	coded := func(status int, code string) paxostest.Fault {
		return paxostest.Fault{Status: status, Body: `{"error":` + code + `,"access_token":"opaque","token_type":"bearer","expires_in":3599}`}
	}
	for name, test := range map[string]struct {
		fault     paxostest.Fault
		status    int
		code      string
		temporary bool
		throttled bool
	}{
		"200 with an error member":        {coded(200, `"invalid_scope"`), 200, "invalid_scope", false, false},
		"200 with an error of their own":  {coded(200, `"teapot"`), 200, "", false, false},
		"400 with a known code":           {coded(400, `"invalid_scope"`), 400, "invalid_scope", false, false},
		"400 with a code of their own":    {coded(400, `"teapot"`), 400, "", false, false},
		"400 with a code that is no text": {coded(400, `{"a":1}`), 400, "", false, false},
		"400 with no JSON":                {paxostest.Fault{Status: 400, Body: "<html>"}, 400, "", false, false},
		"400 with twice a member":         {paxostest.Fault{Status: 400, Body: `{"error":"invalid_client","error":"x"}`}, 400, "", false, false},
		"401":                             {paxostest.Fault{Status: 401}, 401, "invalid_client", false, false},
		"403":                             {paxostest.Fault{Status: 403}, 403, "access_denied", false, false},
		"404":                             {paxostest.Fault{Status: 404, Body: "no"}, 404, "", false, false},
		"429":                             {paxostest.Fault{Status: 429}, 429, "", true, true},
		"500":                             {paxostest.Fault{Status: 500}, 500, "server_error", true, false},
		"502 with HTML":                   {paxostest.Fault{Status: 502, Body: "<html>"}, 502, "", true, false},
		"503":                             {paxostest.Fault{Status: 503}, 503, "temporarily_unavailable", true, false},
		"504 with nothing":                {paxostest.Fault{Status: 504, Body: " "}, 504, "", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, "transfer:read")
			h.FailNext(paxostest.TokenEndpoint, test.fault)
			_, err := h.client.Mint(t.Context(), []string{"transfer:read"})
			failure := asError(t, err)
			if failure.Status != test.status || failure.Code != test.code {
				t.Errorf("got %d %q, want %d %q", failure.Status, failure.Code, test.status, test.code)
			}
			if failure.Temporary() != test.temporary || failure.Throttled() != test.throttled {
				t.Errorf("temporary %v, throttled %v", failure.Temporary(), failure.Throttled())
			}
			if calls := h.Calls(paxostest.TokenEndpoint); calls != 1 {
				t.Errorf("%d calls were made, want 1", calls)
			}
		})
	}
}

// TestPaxosRefuses provokes the refusals of the stand-in itself.
func TestPaxosRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		client func(h *harness) *paxos.Client
		scope  string
		code   string
	}{
		"a scope the client lacks": {func(h *harness) *paxos.Client { return h.client }, "transfer:write", "invalid_scope"},
		"a wrong secret": {func(h *harness) *paxos.Client {
			return h.connection.Client(h.credential.ClientID, paxos.Hide("wrong"))
		}, "transfer:read", "invalid_client"},
		"an unknown client": {func(h *harness) *paxos.Client {
			return h.connection.Client("nobody", paxos.Hide(h.secret))
		}, "transfer:read", "invalid_client"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, "transfer:read")
			_, err := test.client(h).Mint(t.Context(), []string{test.scope})
			failure := asError(t, err)
			if failure.Code != test.code || failure.Temporary() {
				t.Errorf("got %v (temporary: %v), want %s", failure, failure.Temporary(), test.code)
			}
			if len(h.Tokens()) != 0 {
				t.Error("a token was minted")
			}
		})
	}
}

// TestRefusedRevocations checks the error of a revocation that Paxos does not take, and that the token lives on.
func TestRefusedRevocations(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault     paxostest.Fault
		code      string
		temporary bool
	}{
		"an unknown code":        {paxostest.Fault{Status: 400, Body: `{"error":"made_up"}`}, "", false},
		"unsupported_token_type": {paxostest.Fault{Status: 400, Body: `{"error":"unsupported_token_type"}`}, "unsupported_token_type", false},
		"invalid_client":         {paxostest.Fault{Status: 401}, "invalid_client", false},
		"503":                    {paxostest.Fault{Status: 503}, "temporarily_unavailable", true},
		"429":                    {paxostest.Fault{Status: 429}, "", true},
		"a dropped connection":   {paxostest.Fault{Drop: true}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, "transfer:read")
			token := h.bearer(t, "transfer:read")
			h.FailAll(paxostest.Revoke, test.fault)
			failure := asError(t, h.client.Revoke(t.Context(), token))
			if failure.Code != test.code || failure.Temporary() != test.temporary {
				t.Errorf("got %v (temporary: %v)", failure, failure.Temporary())
			}
			if failure.Throttled() != (failure.Status == http.StatusTooManyRequests) {
				t.Errorf("throttled: %v", failure.Throttled())
			}
			if !h.Alive(token.Reveal()) {
				t.Error("the token is dead")
			}
		})
	}
}
