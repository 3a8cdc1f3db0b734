package paxos_test

import (
	"reflect"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// TestMint checks the grant if nothing goes wrong.
func TestMint(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "transfer:read", "funding:read_profile")
	grant, err := h.client.RequestToken(t.Context(), []string{"transfer:read"})
	if err != nil {
		t.Fatal(err)
	}
	if grant.Lifetime != 3599*time.Second || grant.TokenType != "bearer" ||
		!reflect.DeepEqual(grant.Scopes, []string{"transfer:read"}) {
		t.Errorf("got %s of type %q with scopes %q", grant.Lifetime, grant.TokenType, grant.Scopes)
	}
	if !h.Alive(grant.AccessToken.Reveal()) {
		t.Error("the token does not live")
	}
}

// TestLifetimes reads expires_in in every form that a server may write. A reply whose lifetime cannot
// be read is still a grant, because its token has to be revoked.
func TestLifetimes(t *testing.T) {
	t.Parallel()
	const century = 100 * 365 * 24 * time.Hour
	for name, test := range map[string]struct {
		member string // of the reply, in JSON
		want   time.Duration
	}{
		"a number":                      {`"expires_in":3599,`, 3599 * time.Second},
		"a numeric string":              {`"expires_in":"3599",`, 3599 * time.Second},
		"missing":                       {``, 0},
		"null":                          {`"expires_in":null,`, 0},
		"zero":                          {`"expires_in":0,`, 0},
		"negative":                      {`"expires_in":-1,`, -time.Second},
		"a float":                       {`"expires_in":3599.5,`, 0},
		"1e99":                          {`"expires_in":1e99,`, 0},
		"the string NaN":                {`"expires_in":"NaN",`, 0},
		"the string Infinity":           {`"expires_in":"Infinity",`, 0},
		"an empty string":               {`"expires_in":"",`, 0},
		"a boolean":                     {`"expires_in":true,`, 0},
		"an object":                     {`"expires_in":{"seconds":1},`, 0},
		"the largest integer":           {`"expires_in":9223372036854775807,`, century},
		"the smallest integer":          {`"expires_in":-9223372036854775808,`, -century},
		"more than the largest integer": {`"expires_in":9223372036854775808,`, 0},
		"more than a duration holds":    {`"expires_in":9223372037,`, century},
		"a year":                        {`"expires_in":31536000,`, 365 * 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.FailNext(paxostest.TokenEndpoint,
				paxostest.Fault{Body: `{` + test.member + `"access_token":"opaque","token_type":"bearer"}`})
			grant, err := h.client.RequestToken(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if grant.Lifetime != test.want || grant.AccessToken.Reveal() != "opaque" {
				t.Errorf("got %s for %q, want %s", grant.Lifetime, grant.AccessToken.Reveal(), test.want)
			}
		})
	}
}

// TestGrantedScopes checks that a reply without a scope, which means "as requested", differs from one
// whose scope is empty or unreadable.
func TestGrantedScopes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		member string
		want   []string
	}{
		"absent":                        {``, nil},
		"null":                          {`"scope":null,`, nil},
		"one":                           {`"scope":"a",`, []string{"a"}},
		"several, with odd spacing":     {`"scope":" b  a ",`, []string{"b", "a"}},
		"empty":                         {`"scope":"",`, []string{}},
		"a list, which nobody can read": {`"scope":["a","b"],`, []string{}},
		"a number":                      {`"scope":1,`, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.FailNext(paxostest.TokenEndpoint,
				paxostest.Fault{Body: `{` + test.member +
					`"access_token":"opaque","token_type":"bearer","expires_in":9}`})
			grant, err := h.client.RequestToken(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(grant.Scopes, test.want) {
				t.Errorf("got %#v, want %#v", grant.Scopes, test.want)
			}
		})
	}
}

// TestAsked checks that a lifetime counts from before the request, by a clock that advances before the
// reply.
func TestAsked(t *testing.T) {
	t.Parallel()
	server := startPaxos(t, paxostest.Options{})
	credential, secret := createCredential(t, server, paxostest.Credential{Scopes: []string{"transfer:read"}})
	now := noon // needs no lock: it is read before and after the exchange, and set during it
	connection, err := paxos.Connect(paxos.Settings{Endpoints: endpoints(server.URL())}, func() time.Time {
		return now
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(connection.Close)
	server.FailNext(paxostest.TokenEndpoint,
		paxostest.Fault{Rewrite: func(map[string]any) { now = noon.Add(time.Minute) }})
	grant, err := connection.Client(credential.ClientID, paxos.Hide(secret)).RequestToken(t.Context(),
		[]string{"transfer:read"})
	if err != nil {
		t.Fatal(err)
	}
	if !grant.RequestedAt.Equal(noon) {
		t.Errorf("asked at %s, want %s", grant.RequestedAt, noon)
	}
}
