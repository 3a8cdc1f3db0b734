package transport_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/paxostest"
	"vault-plugin-secrets-paxos/backend/signing"
	"vault-plugin-secrets-paxos/backend/signing/transport"
)

const (
	withdrawals = "/v2/transfer/crypto-withdrawals"
	profiles    = "/v2/profiles"
)

// A customer has a client at a stand-in Paxos that demands signatures of withdrawals.
type customer struct {
	*testing.T
	paxos            *paxostest.Server
	clientID, secret string
	key              signing.Key
	keyID            string

	mu       sync.Mutex
	rejected []string // what the source was asked with, empty IDs left out
	asked    int      // how often the source was asked
	signed   int      // how often something was signed
	keeps    string   // the source answers this token in place of a new one
	signerOf string   // the client that the signer says it is of
}

// newCustomer returns a customer whose key is registered.
func newCustomer(t *testing.T) *customer {
	t.Helper()
	paxos, err := paxostest.Start(paxostest.Options{TokenLimit: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(paxos.Close)
	c := &customer{T: t, paxos: paxos}
	err = paxos.EnforceSignatures(paxostest.Enforcement{Operations: []string{"CreateCryptoWithdrawal"}})
	if err == nil {
		c.key, err = signing.GenerateKey(signing.ECDSAP256)
	}
	if err != nil {
		t.Fatal(err)
	}
	c.clientID, c.secret, c.keyID = c.another()
	return c
}

// another creates a client whose key is registered.
func (c *customer) another() (clientID, secret, keyID string) {
	c.Helper()
	credential, secret, err := c.paxos.CreateCredential(paxostest.Credential{Scopes: []string{
		"funding:read_profile", "transfer:write_crypto_withdrawal"}})
	if err != nil {
		c.Fatal(err)
	}
	public, err := c.key.PublicPEM()
	if err != nil {
		c.Fatal(err)
	}
	registered, err := c.paxos.RegisterPublicKey(credential.ClientID, "test", public)
	if err != nil {
		c.Fatal(err)
	}
	return credential.ClientID, secret, registered.ID
}

// token is a TokenSource that requests a token from Paxos.
func (c *customer) token(_ context.Context, asked transport.Question) (transport.Token, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	if asked.RejectedID != "" {
		c.rejected = append(c.rejected, asked.RejectedID)
	}
	if c.keeps == "" || asked.RejectedID == "" {
		response, err := http.PostForm(c.paxos.TokenURL(), url.Values{"grant_type": {"client_credentials"},
			"client_id": {c.clientID}, "client_secret": {c.secret},
			"scope": {"funding:read_profile transfer:write_crypto_withdrawal"}})
		if err != nil {
			return transport.Token{}, err
		}
		defer response.Body.Close()
		var answer struct {
			AccessToken string `json:"access_token"`
		}
		if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
			return transport.Token{}, err
		}
		c.keeps = answer.AccessToken
	}
	return transport.Token{AccessToken: c.keeps, ID: "id of " + c.keeps, ClientID: c.clientID, APIURL: c.paxos.APIURL(),
		TTL: time.Minute}, nil
}

// replace makes the source answer a new token next, and returns the one that it answered before.
func (c *customer) replace() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.keeps
	c.keeps = ""
	return before
}

// lastRejected returns the ID that the source was last asked about.
func (c *customer) lastRejected() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rejected[len(c.rejected)-1]
}

// counts returns how often the source was asked, about how many rejected tokens, and how often
// something was signed.
func (c *customer) counts() (asked, rejected, signed int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked, len(c.rejected), c.signed
}

// errDenied is what the signer says of withdrawals of "1000000".
var errDenied = errors.New("above the limit")

// sign is a Signer.
func (c *customer) sign(_ context.Context, method, path string, body []byte) (transport.Signature, error) {
	if strings.Contains(string(body), `"1000000"`) {
		return transport.Signature{}, errDenied
	}
	wanted, err := signing.NewRequest(method, path, body)
	if err != nil {
		return transport.Signature{}, err
	}
	signed, err := signing.Sign(c.key, c.keyID, time.Now(), wanted)
	if err != nil {
		return transport.Signature{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.signed++
	return transport.Signature{Header: http.Header{signing.HeaderName: {signed.Compact}}, ClientID: c.signerOf}, nil
}

// client returns an HTTP client with a Transport.
func (c *customer) client(change func(*transport.Transport)) *http.Client {
	t := &transport.Transport{Tokens: transport.Cached(c.token), Sign: c.sign, Base: &http.Transport{}}
	if change != nil {
		change(t)
	}
	return &http.Client{Transport: t}
}

// do sends a request, and returns the status and the error.
func (c *customer) do(client *http.Client, method, target, body string, header http.Header) (int, error) {
	c.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(c.Context(), method, target, reader)
	if err != nil {
		c.Fatal(err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	before := r.Header.Clone()
	response, err := client.Do(r)
	if len(r.Header) != len(before) {
		c.Errorf("the caller's header was changed: %v, was %v", r.Header, before)
	}
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

// withdrawal is the body of a withdrawal.
func withdrawal(refID, amount string) string {
	return `{"ref_id":"` + refID + `","profile_id":"p","amount":"` + amount + `","asset":"USDC",` +
		`"crypto_network":"ETHEREUM","destination_address":"0x00000000000000000000000000000000000000aa"}`
}

// expect checks a status.
func (c *customer) expect(what string, status int, err error, want int) {
	c.Helper()
	if err != nil || status != want {
		c.Errorf("%s: %d %v, want %d", what, status, err, want)
	}
}

// TestSignsWhatChanges sends a withdrawal with headers that must not reach Paxos, and a read.
func TestSignsWhatChanges(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	client := c.client(nil)
	status, err := c.do(client, "POST", withdrawals, withdrawal("r-1", "100"), http.Header{
		"Authorization": {"Bearer another"}, "Paxos-Signature": {"another"}})
	c.expect("a withdrawal", status, err, 200)
	status, err = c.do(client, "GET", c.paxos.APIURL()+"/profiles?limit=1", "", nil)
	c.expect("a read with the whole URL", status, err, 200)
	if executed := c.paxos.Executed(); len(executed) != 1 || executed[0].KeyID != c.keyID ||
		executed[0].Amount != "100" {
		t.Errorf("Paxos executed %+v", executed)
	}
	if asked, _, signed := c.counts(); signed != 1 || asked != 1 {
		t.Errorf("%d signatures and %d tokens, want 1 and 1", signed, asked)
	}
	status, err = c.do(c.client(func(t *transport.Transport) { t.SignReads = true }), "GET", profiles, "", nil)
	c.expect("a signed read", status, err, 200)
	if _, _, signed := c.counts(); signed != 2 {
		t.Errorf("%d signatures after a signed read", signed)
	}
	status, err = c.do(c.client(func(t *transport.Transport) { t.Sign = nil }), "POST", withdrawals,
		withdrawal("r-2", "1"), nil)
	c.expect("without a signer", status, err, 401)
}

// TestWhatIsNotSent checks that Paxos hears nothing of these requests.
func TestWhatIsNotSent(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	client := c.client(nil)
	if _, err := c.token(t.Context(), transport.Question{}); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		target, body string
		want         error
	}{
		"refused by the signer": {withdrawals, withdrawal("r", "1000000"), errDenied},
		"too large": {withdrawals, strings.Repeat("a", transport.MaximumSignedBody+1),
			transport.ErrTooLarge},
		"not UTF-8":    {withdrawals, "{\"ref_id\":\"\xff\"}", transport.ErrNotText},
		"another host": {"http://127.0.0.1:1/v2/profiles", "", transport.ErrElsewhere},
		"another scheme": {strings.Replace(c.paxos.APIURL(), "http:", "https:", 1) + "/profiles", "",
			transport.ErrElsewhere},
		"beside the API": {c.paxos.URL() + "/oauth2/token", "", transport.ErrElsewhere},
		"out of the API": {c.paxos.APIURL() + "/../oauth2/token", "", transport.ErrElsewhere},
		"out, escaped":   {c.paxos.APIURL() + "/%2e%2e/oauth2/token", "", transport.ErrElsewhere},
		"with a password": {strings.Replace(c.paxos.APIURL(), "://", "://a:b@", 1) + "/profiles", "",
			transport.ErrElsewhere},
		"a path without /v2":  {"/profiles", "", transport.ErrElsewhere},
		"a path of /v2 alone": {"/v2", "", transport.ErrElsewhere},
	} {
		before := c.paxos.TotalCalls()
		asked, _, _ := c.counts()
		status, err := c.do(client, "POST", test.target, test.body, nil)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %d %v, want %v", name, status, err, test.want)
		}
		askedNow, _, _ := c.counts()
		if now := c.paxos.TotalCalls() - (askedNow - asked); now != before {
			t.Errorf("%s: Paxos got %d requests", name, now-before)
		}
	}
}

// TestARejectedTokenIsReplacedOnce ends a token at Paxos: the request is repeated with the next one,
// and the source hears which one was rejected.
func TestARejectedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	client := c.client(nil)
	status, err := c.do(client, "GET", profiles, "", nil)
	c.expect("the first read", status, err, 200)
	first := c.replace()
	c.paxos.EndToken(first)
	status, err = c.do(client, "POST", withdrawals, withdrawal("r-1", "1"), nil)
	c.expect("a withdrawal after the end of the token", status, err, 200)
	if _, rejected, signed := c.counts(); rejected != 1 || signed != 1 || len(c.paxos.Executed()) != 1 ||
		c.lastRejected() != "id of "+first {
		t.Errorf("rejected %d, signed %d, executed %d; want 1 of each", rejected, signed, len(c.paxos.Executed()))
	}
	// 401 to every token: two requests, and the second answer is the answer.
	c.paxos.FailAll(paxostest.Operations, paxostest.Fault{Status: 401})
	c.replace()
	before := c.paxos.Calls(paxostest.Operations)
	status, err = c.do(client, "POST", withdrawals, withdrawal("r-2", "1"), nil)
	c.expect("401 to every token", status, err, 401)
	if sent := c.paxos.Calls(paxostest.Operations) - before; sent != 2 {
		t.Errorf("it was sent %d times, want 2", sent)
	}
	// The source has no other token: one request.
	before = c.paxos.Calls(paxostest.Operations)
	status, err = c.do(client, "POST", withdrawals, withdrawal("r-2", "1"), nil)
	c.expect("401, and the source keeps its token", status, err, 401)
	if sent := c.paxos.Calls(paxostest.Operations) - before; sent != 1 {
		t.Errorf("it was sent %d times, want 1", sent)
	}
}

// TestABrokenConnectionIsNotRepeated breaks the connection after the request was read, on a connection
// that was used before, where net/http repeats what it takes for safe.
func TestABrokenConnectionIsNotRepeated(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "{}"} {
		var posts atomic.Int64
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost {
				return
			}
			posts.Add(1)
			_, _ = io.Copy(io.Discard, r.Body)
			panic(http.ErrAbortHandler) // closes the connection
		}))
		client := &http.Client{Transport: &transport.Transport{
			Tokens: func(context.Context, transport.Question) (transport.Token, error) {
				return transport.Token{AccessToken: "t", APIURL: server.URL + "/v2"}, nil
			}, Base: &http.Transport{}}}
		response, err := client.Get("/v2/profiles")
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		r, err := http.NewRequestWithContext(t.Context(), "POST", "/v2/profiles", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Idempotency-Key", "k")
		if response, err = client.Do(r); err == nil {
			t.Errorf("body %q: answered %s", body, response.Status)
			_ = response.Body.Close()
		}
		if posts.Load() != 1 {
			t.Errorf("body %q: it was sent %d times", body, posts.Load())
		}
		server.Close()
	}
}

// TestALargeBodyIsSentOnce sends a body that is too large to be held, without a signer, to a server
// that answers 401.
func TestALargeBodyIsSentOnce(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]int64{transport.MaximumHeldBody: 2, transport.MaximumHeldBody + 1: 1} {
		var requests, got atomic.Int64
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n, _ := io.Copy(io.Discard, r.Body)
			got.Store(n)
			requests.Add(1)
			w.WriteHeader(http.StatusUnauthorized)
		}))
		var tokens atomic.Int64
		client := &http.Client{Transport: &transport.Transport{
			Tokens: func(context.Context, transport.Question) (transport.Token, error) {
				return transport.Token{AccessToken: strings.Repeat("t", int(tokens.Add(1))),
					APIURL: server.URL + "/v2"}, nil
			}}}
		response, err := client.Post("/v2/profiles", "application/json", strings.NewReader(strings.Repeat("a", size)))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if requests.Load() != want || got.Load() != int64(size) {
			t.Errorf("%d bytes: %d requests of %d bytes, want %d", size, requests.Load(), got.Load(), want)
		}
		server.Close()
	}
}

// TestAGatewaysPrefixIsNotSigned checks where a request goes to, and which path is signed, if api_url
// has a path before /v2.
func TestAGatewaysPrefixIsNotSigned(t *testing.T) {
	t.Parallel()
	var got, signed string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RequestURI }))
	t.Cleanup(server.Close)
	client := &http.Client{Transport: &transport.Transport{
		Tokens: func(context.Context, transport.Question) (transport.Token, error) {
			return transport.Token{AccessToken: "t", APIURL: server.URL + "/paxos/v2"}, nil
		},
		Sign: func(_ context.Context, _, path string, _ []byte) (transport.Signature, error) {
			signed = path
			return transport.Signature{}, nil
		}}}
	for _, target := range []string{"/v2/profiles?a=%20&b", server.URL + "/paxos/v2/profiles?a=%20&b"} {
		response, err := client.Post(target, "application/json", nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if got != "/paxos/v2/profiles?a=%20&b" || signed != "/v2/profiles?a=%20&b" {
			t.Errorf("%s: sent to %s, signed %s", target, got, signed)
		}
	}
}

// TestATokenOfAnotherClientIsNotSent lets the signer be of another client than the role, and then lets
// the role follow.
func TestATokenOfAnotherClientIsNotSent(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	client := c.client(nil)
	c.signerOf = c.clientID
	status, err := c.do(client, "POST", withdrawals, withdrawal("r-1", "1"), nil)
	c.expect("of one client", status, err, 200)

	c.mu.Lock()
	c.signerOf = "another"
	c.mu.Unlock()
	before := c.paxos.Calls(paxostest.Operations)
	if status, err := c.do(client, "POST", withdrawals, withdrawal("r-2", "1"), nil); !errors.Is(err,
		transport.ErrOtherClient) {
		t.Errorf("of two clients: %d %v", status, err)
	}
	if sent := c.paxos.Calls(paxostest.Operations) - before; sent != 0 {
		t.Errorf("Paxos got %d requests", sent)
	}
	if asked, rejected, _ := c.counts(); asked != 2 || rejected != 0 {
		t.Errorf("the source was asked %d times, %d of them about a rejected token; want 2 and 0", asked, rejected)
	}

	// The root client was replaced: the token that is kept is older, and a new one fits.
	status, err = c.do(client, "GET", profiles, "", nil)
	c.expect("a read", status, err, 200)
	c.mu.Lock()
	c.clientID, c.secret, c.keyID = c.another()
	c.signerOf, c.keeps = c.clientID, ""
	c.mu.Unlock()
	status, err = c.do(client, "POST", withdrawals, withdrawal("r-3", "1"), nil)
	c.expect("after the role has followed", status, err, 200)
	if executed := c.paxos.Executed(); len(executed) != 2 || executed[1].ClientID != c.clientID {
		t.Errorf("Paxos executed %+v", executed)
	}
}

// TestA401IsNotRepeatedWithATokenOfAnotherClient lets the client of the role change between the two
// tokens: the signature is of the old one, so that the 401 is the answer.
func TestA401IsNotRepeatedWithATokenOfAnotherClient(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		sent.Add(1)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(server.Close)
	for next, want := range map[string]int64{"old": 2, "new": 1} {
		sent.Store(0)
		client := &http.Client{Transport: &transport.Transport{
			Tokens: func(_ context.Context, asked transport.Question) (transport.Token, error) {
				token := transport.Token{AccessToken: "t", ClientID: "old", APIURL: server.URL + "/v2", ID: "id"}
				if asked.RejectedID != "" {
					token.AccessToken, token.ClientID = "u", next
				}
				return token, nil
			},
			Sign: func(context.Context, string, string, []byte) (transport.Signature, error) {
				return transport.Signature{ClientID: "old"}, nil
			}}}
		response, err := client.Post("/v2/profiles", "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusUnauthorized || sent.Load() != want {
			t.Errorf("the next token is of the client %s: %s, sent %d times, want %d", next, response.Status, sent.Load(),
				want)
		}
	}
}
