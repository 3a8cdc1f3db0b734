package paxos_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// TestEveryCallToTheAPIIsSigned makes each call through a gateway that serves the API under another
// path. What is signed is the path at Paxos, with the query exactly as it was sent, and the client
// is the one whose token is sent.
func TestEveryCallToTheAPIIsSigned(t *testing.T) {
	t.Parallel()
	const clientID = "client-1"
	var last atomic.Pointer[http.Request]
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		last.Store(r)
		_, _ = io.WriteString(w, `{"items":[],"credentials":{"client_id":"somebody"}}`)
	}))
	t.Cleanup(gateway.Close)
	where := endpoints(gateway.URL)
	where.APIURL = gateway.URL + "/gateways/paxos/v2"
	connection := connect(t, paxos.Settings{Endpoints: where,
		Sign: func(_ context.Context, whose, method, target string, body []byte) (string, error) {
			return strings.Join([]string{whose, method, target, "[" + string(body) + "]"}, " "), nil
		}})
	bearer := paxos.Bearer{ClientID: clientID, Token: paxos.Hide("token")}
	for name, call := range map[string]func() error{
		"list": func() error {
			_, err := connection.ListCredentials(t.Context(), bearer, atOnce)
			return err
		},
		"find": func() error {
			_, err := connection.FindCredentials(t.Context(), bearer, atOnce, "a", "b")
			return err
		},
		"delete":   func() error { return connection.DeleteCredential(t.Context(), bearer, "somebody") },
		"profiles": func() error { _, err := connection.ListProfiles(t.Context(), bearer); return err },
		"inspect":  func() error { _, err := connection.Inspect(t.Context(), bearer); return err },
		"accepts": func() error {
			_, err := connection.Client("another", paxos.Hide("x")).Accepts(t.Context(), bearer)
			return err
		},
	} {
		if err := call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		sent := last.Load()
		target := strings.TrimPrefix(sent.RequestURI, "/gateways/paxos")
		if got, want := sent.Header.Get("Paxos-Signature"), clientID+" "+sent.Method+" "+target+" []"; got != want {
			t.Errorf("%s: signed is %q, want %q", name, got, want)
		}
	}
}

// TestACallThatCannotBeSignedIsNotSent and its error says why.
func TestACallThatCannotBeSignedIsNotSent(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	connection := connect(t, paxos.Settings{Endpoints: endpoints(h.URL()),
		Sign: func(context.Context, string, string, string, []byte) (string, error) {
			return "half", errors.New("the key is damaged")
		}})
	_, err := connection.ListProfiles(t.Context(), carrying("token"))
	if failure := asError(t, err); !strings.Contains(failure.Error(), "could not be signed: the key is damaged") {
		t.Errorf("got %v", failure)
	}
	if calls := h.TotalCalls(); calls != 0 {
		t.Errorf("%d calls were made", calls)
	}
}

// TestWhatARefusalSaysOfTheSignature reads refusals of calls with and without a signature. Only one
// that speaks of signatures is certain, and none is repeated.
func TestWhatARefusalSaysOfTheSignature(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status    int
		detail    string
		signature string
		want      paxos.SignatureProblem
	}{
		"unsigned, and it says so":      {401, "canary: no Paxos-Signature header set", "", paxos.Unsigned},
		"unsigned, 403":                 {403, "canary: Request signing is required", "", paxos.Unsigned},
		"unsigned, 400":                 {400, "canary: missing JWS", "", paxos.Unsigned},
		"unsigned, no word":             {401, "canary: Unauthorized", "", paxos.MaybeUnsigned},
		"unsigned, a scope":             {403, "canary: insufficient scopes", "", paxos.MaybeUnsigned},
		"unsigned, a field":             {400, "canary: limit is too large", "", paxos.NoSignatureProblem},
		"unsigned, not found":           {404, "canary: no signature", "", paxos.NoSignatureProblem},
		"unsigned, the server is ill":   {500, "canary: signature service down", "", paxos.NoSignatureProblem},
		"signed, and it says so":        {401, "canary: signature does not verify", "sig", paxos.SignatureNotAccepted},
		"signed, an unknown Key ID":     {403, "canary: unknown Key ID", "sig", paxos.SignatureNotAccepted},
		"signed, no word":               {401, "canary: Unauthorized", "sig", paxos.MaybeNotAccepted},
		"signed, a field":               {400, "canary: limit is too large", "sig", paxos.NoSignatureProblem},
		"signed, the token has expired": {401, "canary: invalid token", "sig", paxos.MaybeNotAccepted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, `{"type":"about:blank","detail":"`+test.detail+`"}`)
			}))
			t.Cleanup(server.Close)
			connection := connect(t, paxos.Settings{Endpoints: endpoints(server.URL),
				Sign: func(context.Context, string, string, string, []byte) (string, error) {
					return test.signature, nil
				}})
			_, err := connection.ListProfiles(t.Context(), carrying("token"))
			if failure := asError(t, err); failure.Signature != test.want {
				t.Errorf("got %v (%v), want %v", failure.Signature, failure, test.want)
			}
			checkNoCanary(t, err)
			accepted, err := connection.Client("c", paxos.Hide("s")).Accepts(t.Context(), carrying("token"))
			if test.want.Certain() && (err == nil || accepted) {
				t.Errorf("such a refusal decided about the token: %v, %v", accepted, err)
			}
		})
	}
}
