package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// TestASlowPaxos lets Paxos not answer: the caller hears of it in time, and the request is sent once.
func TestASlowPaxos(t *testing.T) {
	t.Parallel()
	p := newRoad(t, paxostest.Options{}).start(func(wanted *settings, _ *deadlines) {
		wanted.timeout = 200 * time.Millisecond
	})
	p.expect("before", p.send("GET", profiles, "", nil), 200, "")
	p.arrivals()
	p.paxos.FailAll(paxostest.Operations, paxostest.Fault{Hang: true})
	for method, body := range map[string]string{"POST": payment("r-1", "1"), "GET": ""} {
		path := map[string]string{"POST": payments, "GET": profiles}[method]
		got := p.send(method, path, body, nil)
		p.expect(method, got, 504, "timeout")
		if !strings.Contains(got.body, "may have executed") || !strings.Contains(got.body, "same ref_id") {
			t.Errorf("%s: the answer is %s", method, got.body)
		}
		if sent := p.arrivals(); len(sent) != 1 {
			t.Errorf("%s: it was sent %d times", method, len(sent))
		}
	}
	p.paxos.Heal()
	p.expect("the same payment again", p.pay("r-1", "1"), 200, "")
}

// TestABrokenConnection lets Paxos break the connection off, before and after it has paid, on a
// connection that was used before.
func TestABrokenConnection(t *testing.T) {
	t.Parallel()
	p := newRoad(t, paxostest.Options{}).start(nil)
	for name, fault := range map[string]paxostest.Fault{"before": {Drop: true}, "after": {DropReply: true}} {
		p.expect(name, p.send("GET", profiles, "", nil), 200, "")
		calls := p.paxos.Calls(paxostest.Operations)
		p.paxos.FailNext(paxostest.Operations, fault)
		p.arrivals()
		got := p.pay(name, "1")
		p.expect(name, got, 502, "connection-broken")
		if sent, calls := len(p.arrivals()), p.paxos.Calls(paxostest.Operations)-calls; sent != 1 || calls != 1 {
			t.Errorf("%s: it was sent %d times, and Paxos got it %d times", name, sent, calls)
		}
	}
	if executed := p.paxos.Executed(); len(executed) != 1 || executed[0].ReferenceID != "after" {
		t.Errorf("Paxos executed %+v", executed)
	}
	p.expect("the one that was paid, again", p.pay("after", "1"), 409, "")
	p.expect("the one that was not, again", p.pay("before", "1"), 200, "")
}

// TestAnAnswerThatBreaksOff is not taken for whole, whether Paxos said its length or not.
func TestAnAnswerThatBreaksOff(t *testing.T) {
	t.Parallel()
	for name, length := range map[string]string{"with a length": "100", "without one": ""} {
		paxos := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if length != "" {
				w.Header().Set("Content-Length", length)
			}
			_, _ = io.WriteString(w, `{"items":[`)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}))
		t.Cleanup(paxos.Close)
		r := newRoad(t, paxostest.Options{})
		r.moveAPI(paxos.URL)
		p := r.start(nil)
		if got := p.send("GET", profiles, "", nil); got.err == nil {
			t.Errorf("%s: half an answer was passed on as whole: %d %q", name, got.status, got.body)
		}
		if text := p.log.String(); strings.Contains(text, "panic") {
			t.Errorf("%s: the log is\n%s", name, text)
		}
	}
}

// TestNoConnection says that nothing was sent.
func TestNoConnection(t *testing.T) {
	t.Parallel()
	p := newRoad(t, paxostest.Options{}).start(nil)
	p.expect("before", p.send("GET", profiles, "", nil), 200, "")
	p.gateway.Close()
	got := p.pay("r-1", "1")
	p.expect("without a Paxos", got, 502, "no-connection")
	if !strings.Contains(got.body, "was not sent") {
		t.Errorf("the answer is %s", got.body)
	}
}

// TestRedirectsAndCookies are passed on, and not followed; and dropped.
func TestRedirectsAndCookies(t *testing.T) {
	t.Parallel()
	var followed atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Add(1) }))
	t.Cleanup(elsewhere.Close)
	p := newRoad(t, paxostest.Options{}).start(nil)
	for _, method := range []string{"POST", "GET"} {
		path := map[string]string{"POST": payments, "GET": profiles}[method]
		body := map[string]string{"POST": payment("r-1", "1")}[method]
		p.paxos.FailNext(paxostest.Operations, paxostest.Fault{Status: 308, Redirect: elsewhere.URL + "/v2/profiles"})
		got := p.send(method, path, body, nil)
		p.expect(method, got, 308, "")
		if got.header.Get("Location") != elsewhere.URL+"/v2/profiles" || followed.Load() != 0 {
			t.Errorf("%s: to %q, followed %d times", method, got.header.Get("Location"), followed.Load())
		}
	}
	p.paxos.FailNext(paxostest.Operations, paxostest.Fault{Header: http.Header{"Set-Cookie": {"a=1", "b=2"},
		"X-Request-Id": {"7"}}})
	got := p.send("GET", profiles, "", nil)
	p.expect("with cookies", got, 200, "")
	if got.header.Get("X-Request-Id") != "7" || len(got.header["Set-Cookie"]) != 0 {
		t.Errorf("passed on are %v", got.header)
	}
}

// TestReadsAreSignedOnRequest checks which requests have a signature.
func TestReadsAreSignedOnRequest(t *testing.T) {
	t.Parallel()
	r := newRoad(t, paxostest.Options{})
	for _, signs := range []bool{false, true} {
		p := r.start(func(wanted *settings, _ *deadlines) { wanted.signReads = signs })
		p.expect("a read", p.send("GET", profiles+"?limit=1", "", nil), 200, "")
		if sent := r.arrivals(); len(sent) != 1 || (sent[0].header.Get("Paxos-Signature") != "") != signs {
			t.Errorf("with -sign-reads=%v the read had the signature %q", signs, sent[0].header["Paxos-Signature"])
		}
	}
	if err := r.paxos.EnforceSignatures(paxostest.Enforcement{Operations: []string{"ListProfiles"}}); err != nil {
		t.Fatal(err)
	}
	p := r.start(func(wanted *settings, _ *deadlines) { wanted.signReads = true })
	p.expect("a read that must be signed", p.send("GET", profiles+"?limit=1", "", nil), 200, "")
	p.expect("one that Vault does not sign", p.send("GET", profiles+"/"+treasury, "", nil), 403, "refused-by-vault")
}

// TestARejectedTokenIsReplacedOnce ends the access token at Paxos: the payment is sent again once, with
// another token and the same body and signature, and Vault hears which token was rejected.
func TestARejectedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	p := newRoad(t, paxostest.Options{}).start(nil)
	p.expect("before", p.send("GET", profiles, "", nil), 200, "")
	first, _ := strings.CutPrefix(p.arrivals()[0].header.Get("Authorization"), "Bearer ")
	if !p.paxos.EndToken(first) {
		t.Fatal("Paxos does not know the token")
	}
	p.questions("")
	p.expect("a payment", p.pay("r-1", "1"), 200, "")
	sent := p.operations()
	if len(sent) != 2 || sent[0].body != sent[1].body || sent[0].body != payment("r-1", "1") ||
		sent[0].header.Get("Paxos-Signature") != sent[1].header.Get("Paxos-Signature") ||
		sent[0].header.Get("Authorization") != "Bearer "+first ||
		sent[1].header.Get("Authorization") == "Bearer "+first {
		t.Fatalf("sent were %d requests", len(sent))
	}
	asked := p.questions("token/payer")
	if len(asked) != 1 || asked[0]["rejected_token_id"] == nil || asked[0]["rejected_token_id"] == "" {
		t.Errorf("Vault was asked %v", asked)
	}
	if executed := p.paxos.Executed(); len(executed) != 1 {
		t.Errorf("Paxos executed %+v", executed)
	}
	// A Paxos that refuses every token: two requests, or one if Vault has no other token.
	p.paxos.FailAll(paxostest.Operations, paxostest.Fault{Status: 401})
	p.expect("401 to everything", p.pay("r-2", "1"), 401, "")
	if sent := p.operations(); len(sent) > 2 || len(sent) == 0 {
		t.Errorf("sent were %d requests", len(sent))
	}
}

// operations returns the arrivals that are for the path of payments, and forgets all.
func (p *running) operations() (sent []arrival) {
	for _, each := range p.arrivals() {
		if each.target == payments {
			sent = append(sent, each)
		}
	}
	return sent
}
