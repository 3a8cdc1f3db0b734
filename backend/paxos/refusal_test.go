package paxos_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// TestMintRefusals checks the error of each refusal, and that no refused request is sent twice.
func TestMintRefusals(t *testing.T) {
	t.Parallel()
	coded := func(status int, code string) paxostest.Fault {
		return paxostest.Fault{Status: status,
			Body: `{"error":` + code + `,"access_token":"opaque","token_type":"bearer","expires_in":3599}`}
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
		"400 with twice a member": {paxostest.Fault{Status: 400,
			Body: `{"error":"invalid_client","error":"x"}`}, 400, "", false, false},
		"401":              {paxostest.Fault{Status: 401}, 401, "invalid_client", false, false},
		"403":              {paxostest.Fault{Status: 403}, 403, "access_denied", false, false},
		"404":              {paxostest.Fault{Status: 404, Body: "no"}, 404, "", false, false},
		"429":              {paxostest.Fault{Status: 429}, 429, "", true, true},
		"500":              {paxostest.Fault{Status: 500}, 500, "server_error", true, false},
		"502 with HTML":    {paxostest.Fault{Status: 502, Body: "<html>"}, 502, "", true, false},
		"503":              {paxostest.Fault{Status: 503}, 503, "temporarily_unavailable", true, false},
		"504 with nothing": {paxostest.Fault{Status: 504, Body: " "}, 504, "", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, "transfer:read")
			h.FailNext(paxostest.TokenEndpoint, test.fault)
			_, err := h.client.RequestToken(t.Context(), []string{"transfer:read"})
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

// TestPaxosRefuses checks the refusals that the stand-in makes by itself.
func TestPaxosRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		client func(h *harness) *paxos.Client
		scope  string
		code   string
	}{
		"a scope the client lacks": {func(h *harness) *paxos.Client {
			return h.client
		}, "transfer:write", "invalid_scope"},
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
			_, err := test.client(h).RequestToken(t.Context(), []string{test.scope})
			failure := asError(t, err)
			if failure.Code != test.code || failure.Temporary() {
				t.Errorf("got %v (temporary: %v), want %s", failure, failure.Temporary(), test.code)
			}
			host := strings.TrimPrefix(h.URL(), "http://")
			if failure.Host != host || failure.ClientID != test.client(h).ID() ||
				failure.AuthStyle != paxos.AuthPost || !strings.Contains(failure.Error(), failure.ClientID) {
				t.Errorf("it names host %q, client %q and style %q", failure.Host, failure.ClientID, failure.AuthStyle)
			}
			if len(h.Tokens()) != 0 {
				t.Error("a token was minted")
			}
		})
	}
}

// TestTheRefusedScopeIsNamed checks that an error repeats the name of a refused scope only if that
// scope was requested.
func TestTheRefusedScopeIsNamed(t *testing.T) {
	t.Parallel()
	said := func(member, text string) paxostest.Fault {
		body, err := json.Marshal(map[string]string{"error": "invalid_scope", member: text})
		if err != nil {
			t.Fatal(err)
		}
		return paxostest.Fault{Status: 400, Body: string(body)}
	}
	const general = "The requested scope is invalid, unknown, or malformed"
	for name, test := range map[string]struct {
		fault *paxostest.Fault // nil: the reply of the stand-in itself
		want  string
	}{
		"by the stand-in": {nil, "[transfer:write]"},
		"in the hint": {new(said("error_hint",
			`The OAuth 2.0 Client is not allowed to request scope "transfer:write".`)), "[transfer:write]"},
		"in the description": {new(said("error_description",
			general+`. The OAuth 2.0 Client is not allowed to request scope 'transfer:write'.`)), "[transfer:write]"},
		"nowhere": {new(said("error_description", general)), "[]"},
		"one that was not asked for": {new(said("error_hint",
			`The OAuth 2.0 Client is not allowed to request scope "admin:all".`)), "[]"},
		"one that begins as one does": {new(said("error_hint",
			`not allowed to request scope "transfer:write_all".`)), "[]"},
		"without quotes": {new(said("error_hint", `not allowed: transfer:write`)), "[]"},
		"where the hint is no text": {&paxostest.Fault{Status: 400,
			Body: `{"error":"invalid_scope","error_hint":["transfer:write"]}`}, "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, "transfer:read")
			if test.fault != nil {
				h.FailNext(paxostest.TokenEndpoint, *test.fault)
			}
			_, err := h.client.RequestToken(t.Context(), []string{"transfer:read", "transfer:write"})
			failure := asError(t, err)
			if failure.Code != "invalid_scope" || fmt.Sprint(failure.Scopes) != test.want {
				t.Errorf("%v names %v, want %s", failure, failure.Scopes, test.want)
			}
			if strings.Contains(failure.Error(), "admin:all") || strings.Contains(failure.Error(), "OAuth 2.0") {
				t.Errorf("it repeats what Paxos said: %v", failure)
			}
		})
	}
}

// TestRefusedRevocations checks the error of a revocation that Paxos refuses, and that the token stays
// valid.
func TestRefusedRevocations(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault     paxostest.Fault
		code      string
		temporary bool
	}{
		"an unknown code": {paxostest.Fault{Status: 400, Body: `{"error":"made_up"}`}, "", false},
		"unsupported_token_type": {paxostest.Fault{Status: 400, Body: `{"error":"unsupported_token_type"}`},
			"unsupported_token_type", false},
		"invalid_client":       {paxostest.Fault{Status: 401}, "invalid_client", false},
		"503":                  {paxostest.Fault{Status: 503}, "temporarily_unavailable", true},
		"429":                  {paxostest.Fault{Status: 429}, "", true},
		"a dropped connection": {paxostest.Fault{Drop: true}, "", true},
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
