package paxos_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"testing"

	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// awkward is a secret with many characters that have a meaning in a form, a header or a URL.
const awkward = `p%41ss+wörd &=:;/?#"\ ~`

// readForm parses the body of a request, which can be read again afterwards.
func readForm(req *http.Request) url.Values {
	body, _ := io.ReadAll(req.Body) // if it cannot be read, the assertions fail
	req.Body = io.NopCloser(bytes.NewReader(body))
	form, _ := url.ParseQuery(string(body))
	return form
}

// TestRequestForms checks what is sent to the OAuth2 endpoints, and that the stand-in accepts it.
func TestRequestForms(t *testing.T) {
	t.Parallel()
	basic := "Basic " +
		base64.StdEncoding.EncodeToString([]byte(url.QueryEscape("id:with+signs")+":"+url.QueryEscape(awkward)))
	for name, test := range map[string]struct {
		style         paxos.AuthStyle
		method        string
		authorization string
		credentials   url.Values // in the body
	}{
		"the default posts the secret": {
			method: "client_secret_post", credentials: url.Values{"client_id": {"id:with+signs"},
				"client_secret": {awkward}},
		},
		"post posts the secret": {
			style: paxos.AuthPost, method: "client_secret_post",
			credentials: url.Values{"client_id": {"id:with+signs"}, "client_secret": {awkward}},
		},
		"basic puts the secret in the header alone": {
			style: paxos.AuthBasic, method: "client_secret_basic", authorization: basic, credentials: url.Values{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startPaxos(t, paxostest.Options{})
			credential, _ := createCredential(t, server, paxostest.Credential{
				ClientID: "id:with+signs", AuthMethod: test.method, Scopes: []string{"funding:read_profile",
					"transfer:read"},
			})
			if err := server.SetSecret(credential.ClientID, awkward); err != nil {
				t.Fatal(err)
			}
			wire := record(t, server.URL())
			connection := connect(t, paxos.Settings{Endpoints: endpoints(wire.URL), AuthStyle: test.style})
			client := connection.Client(credential.ClientID, paxos.Hide(awkward))

			grant, err := client.RequestToken(t.Context(), []string{"transfer:read", "funding:read_profile"})
			if err != nil {
				t.Fatalf("minting: %v", err)
			}
			token := grant.AccessToken.Reveal()
			if !server.Alive(token) {
				t.Error("the minted token does not live")
			}
			if err := client.Revoke(t.Context(), grant.AccessToken); err != nil {
				t.Fatalf("revoking: %v", err)
			}
			if server.Alive(token) {
				t.Error("the revoked token is still valid")
			}

			mint := url.Values{"grant_type": {"client_credentials"}, "scope": {"transfer:read funding:read_profile"}}
			revoke := url.Values{"token": {token}, "token_type_hint": {"access_token"}}
			for key, value := range test.credentials {
				mint[key], revoke[key] = value, value
			}
			requests := wire.requests()
			if len(requests) != 2 {
				t.Fatalf("%d requests were sent, want 2", len(requests))
			}
			for i, want := range []seen{
				{uri: "/oauth2/token", form: mint}, {uri: "/oauth2/revoke", form: revoke},
			} {
				got := requests[i]
				if got.method != http.MethodPost || got.uri != want.uri ||
					got.contentType != "application/x-www-form-urlencoded" {
					t.Errorf("request %d was %s %s (%s)", i, got.method, got.uri, got.contentType)
				}
				if !reflect.DeepEqual(got.form, want.form) {
					t.Errorf("request %d had the form %v, want %v", i, got.form, want.form)
				}
				if got.authorization != test.authorization {
					t.Errorf("request %d had the Authorization %q, want %q", i, got.authorization, test.authorization)
				}
			}
		})
	}
}

// TestWrongAuthStyle checks that a refused client does not try the other style, which would cost a
// call and send the secret once more.
func TestWrongAuthStyle(t *testing.T) {
	t.Parallel()
	server := startPaxos(t, paxostest.Options{})
	credential, secret := createCredential(t, server,
		paxostest.Credential{AuthMethod: "client_secret_basic", Scopes: []string{"transfer:read"}})
	connection := connect(t, paxos.Settings{Endpoints: endpoints(server.URL()), AuthStyle: paxos.AuthPost})
	_, err := connection.Client(credential.ClientID, paxos.Hide(secret)).RequestToken(t.Context(),
		[]string{"transfer:read"})
	if failure := asError(t, err); failure.Code != "invalid_client" {
		t.Errorf("got %v, want invalid_client", failure)
	}
	if calls := server.Calls(paxostest.TokenEndpoint); calls != 1 {
		t.Errorf("%d calls were made, want 1", calls)
	}
}
