package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// raw sends bytes on a connection of its own, and returns what comes back until the proxy closes it or
// as many answers as are wanted have come.
func (p *running) raw(text string, wanted int) (answers []answer) {
	p.Helper()
	connection, err := p.dial(p.Context(), "", "")
	if err != nil {
		p.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	if err := connection.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		p.Fatal(err)
	}
	if _, err := io.WriteString(connection, strings.ReplaceAll(text, "ADDRESS", p.address)); err != nil {
		p.Fatal(err)
	}
	reader := bufio.NewReader(connection)
	for range wanted {
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			return answers
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		answers = append(answers, answer{response.StatusCode, response.Header, string(body), err})
	}
	return answers
}

// expectNothingSent checks that Paxos has heard nothing.
func (p *running) expectNothingSent(what string) {
	p.Helper()
	if sent := p.arrivals(); len(sent) != 0 {
		p.Errorf("%s: Paxos got %s %s", what, sent[0].method, sent[0].target)
	}
}

// TestAWebPage sends what a page in the browser of the user can send, some of it after it has made its
// own name resolve to loopback.
func TestAWebPage(t *testing.T) {
	t.Parallel()
	p := newRoad(t, paxostest.Options{}).start(nil)
	_, port, _ := net.SplitHostPort(p.address)
	for name, test := range map[string]struct {
		head   string
		status int
	}{
		"its own name":                    {"Host: evil.example", 403},
		"its own name with the port":      {"Host: evil.example:" + port, 403},
		"a name that resolves here":       {"Host: 127.0.0.1.nip.io:" + port, 403},
		"the host without a port":         {"Host: 127.0.0.1", 403},
		"another port":                    {"Host: 127.0.0.1:1", 403},
		"another address of loopback":     {"Host: 127.0.0.2:" + port, 403},
		"all addresses":                   {"Host: 0.0.0.0:" + port, 403},
		"a name with a dot at its end":    {"Host: localhost.:" + port, 403},
		"a user before the host":          {"Host: a@ADDRESS", 400},
		"no host":                         {"Host:", 403},
		"two hosts in one":                {"Host: ADDRESS,evil.example", 403},
		"a foreign origin":                {"Host: ADDRESS\r\nOrigin: https://evil.example", 403},
		"no origin":                       {"Host: ADDRESS\r\nOrigin: null", 403},
		"an empty origin":                 {"Host: ADDRESS\r\nOrigin:", 403},
		"the origin of the proxy":         {"Host: ADDRESS\r\nOrigin: http://ADDRESS", 403},
		"another site":                    {"Host: ADDRESS\r\nSec-Fetch-Site: cross-site", 403},
		"the same site":                   {"Host: ADDRESS\r\nSec-Fetch-Site: same-origin", 403},
		"an address that was typed in":    {"Host: ADDRESS\r\nSec-Fetch-Site: none", 403},
		"a header spelt in lower case":    {"host: ADDRESS\r\norigin: null", 403},
		"a host that comes after another": {"Host: evil.example\r\nHost: ADDRESS", 400},
	} {
		for _, line := range []string{"GET " + profiles, "POST " + payments, "OPTIONS " + payments, "GET " + healthPath} {
			got := p.raw(line+" HTTP/1.1\r\n"+test.head+"\r\nContent-Length: 0\r\n\r\n", 1)
			if len(got) != 1 || got[0].status != test.status {
				t.Errorf("%s, %s: %+v, want %d", name, line, got, test.status)
			}
			for header := range got[0].header {
				if strings.HasPrefix(header, "Access-Control-") {
					t.Errorf("%s, %s: answered is %s", name, line, header)
				}
			}
		}
	}
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a",
		"application/json-seq", "text/plain; application/json", "", "application/json, text/plain"} {
		got := p.send("POST", payments, payment("r-1", "1"), http.Header{"Content-Type": {kind}})
		p.expect("the type "+kind, got, 415, "content-type")
	}
	got := p.send("POST", payments, payment("r-1", "1"), http.Header{"Content-Type": {"application/json", "text/plain"}})
	p.expect("two types", got, 415, "content-type")
	p.expectNothingSent("a web page")
	for _, host := range []string{"localhost:" + port, "LOCALHOST:" + port, p.address} {
		if got := p.raw("GET "+profiles+" HTTP/1.1\r\nHost: "+host+"\r\n\r\n", 1); len(got) != 1 || got[0].status != 200 {
			t.Errorf("the host %s: %+v", host, got)
		}
	}
}

// TestOtherTargets sends targets that are not those of an operation, as they are.
func TestOtherTargets(t *testing.T) {
	t.Parallel()
	p := newRoad(t, paxostest.Options{}).start(nil)
	for target, status := range map[string]int{
		"GET http://ADDRESS/v2/profiles":                  400,
		"GET http://evil.example/v2/profiles":             400,
		"GET https://evil.example/health":                 400,
		"POST http://evil.example" + payments:             400,
		"GET //evil.example/v2/profiles":                  404,
		"GET ///v2/profiles":                              404,
		"GET /v2//profiles":                               404,
		"GET /v2/profiles/":                               404,
		"GET /v2/%2e%2e/oauth2/token":                     404,
		"GET /v2/%2E/profiles":                            404,
		"GET /v2/../oauth2/token":                         404,
		"GET /v2/./profiles":                              404,
		"GET /v2/profiles%2f..%2f..":                      404,
		"GET /v2/profiles;a=b":                            404,
		"GET /v2/profiles?":                               404,
		"GET /v2/profiles?a=%zz":                          404,
		"GET /v2/profiles#a":                              404,
		"GET /v2\\profiles":                               404,
		"GET /V2/profiles":                                404,
		"GET /v2/Profiles":                                404,
		"GET /v2/pro%66iles":                              404,
		"GET /v2/unknown":                                 404,
		"GET /oauth2/token":                               404,
		"POST /oauth2/token":                              404,
		"GET /health/":                                    404,
		"GET /":                                           404,
		"GET *":                                           400,
		"OPTIONS *":                                       400,
		"OPTIONS /v2/profiles":                            404,
		"HEAD /v2/profiles":                               404,
		"PATCH /v2/profiles":                              404,
		"get /v2/profiles":                                404,
		"CONNECT evil.example:443":                        400,
		"CONNECT /v2/profiles":                            405,
		"TRACE /v2/profiles":                              405,
		"PRI *":                                           400,
		"GET /v2/profiles?" + strings.Repeat("a", 7<<10):  404,
		"GET /v2/profiles?" + strings.Repeat("a", 64<<10): 431,
	} {
		got := p.raw(target+" HTTP/1.1\r\nHost: ADDRESS\r\nConnection: close\r\n\r\n", 1)
		if len(got) != 1 || got[0].status != status {
			t.Errorf("%.60s: %.200v, want %d", target, got, status)
		}
	}
	if got := p.raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 1); len(got) != 1 || got[0].status < 400 {
		t.Errorf("HTTP/2 without TLS: %v", got)
	}
	p.expectNothingSent("other targets")
}

// TestHeadsThatAreRefused sends heads that say two things, or ask for what the proxy does not do.
func TestHeadsThatAreRefused(t *testing.T) {
	t.Parallel()
	p := newRoad(t, paxostest.Options{}).start(nil)
	body := payment("r-1", "1")
	length := fmt.Sprintf("Content-Length: %d\r\n", len(body))
	for name, test := range map[string]struct {
		head   string
		status int
	}{
		"two hosts":              {length + "Host: ADDRESS\r\n", 400},
		"two lengths":            {length + "Content-Length: 1\r\n", 400},
		"lengths in a list":      {"Content-Length: 5, 5\r\n", 400},
		"a length with a sign":   {"Content-Length: +5\r\n", 400},
		"a length below zero":    {"Content-Length: -5\r\n", 400},
		"a space before a colon": {"Content-Length : 5\r\n", 400},
		"another coding":         {"Transfer-Encoding: gzip, chunked\r\n", 501},
		"a coding that is none":  {"Transfer-Encoding: identity\r\n", 501},
		"two codings":            {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 501},
		"a coding with a tab":    {"Transfer-Encoding:\tchunked, identity\r\n", 501},
		"a chunk without size":   {"Transfer-Encoding: chunked\r\n", 400},
		"compressed":             {length + "Content-Encoding: gzip\r\n", 415},
		"not even compressed":    {length + "Content-Encoding: identity\r\n", 415},
		"WebSocket":              {length + "Connection: Upgrade\r\nUpgrade: websocket\r\n", 400},
		"HTTP/2":                 {length + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n", 400},
		"an expectation":         {length + "Expect: 100-continue\r\n", 417},
		"an unknown expectation": {length + "Expect: 200-ok\r\n", 417},
		"a NUL in a header":      {length + "X-A: \x00\r\n", 400},
		"a name with a bracket":  {length + "X(A): a\r\n", 400},
	} {
		got := p.raw("POST "+payments+" HTTP/1.1\r\nHost: ADDRESS\r\nContent-Type: application/json\r\n"+
			"Connection: close\r\n"+test.head+"\r\n"+body+"\r\n", 1)
		if len(got) != 1 || got[0].status != test.status {
			t.Errorf("%s: %v, want %d", name, got, test.status)
		}
	}
	p.expectNothingSent("such heads")
}

// TestWhatReachesPaxos sends everything that a caller may not decide, and looks at what arrives.
func TestWhatReachesPaxos(t *testing.T) {
	t.Parallel()
	p := newRoad(t, paxostest.Options{}).start(nil)
	body := payment("r-1", "1")
	got := p.raw("POST "+payments+" HTTP/1.1\r\nHost: ADDRESS\r\nContent-Type: application/json\r\n"+
		"Authorization: Bearer canary\r\nauthorization: Basic canary\r\nPaxos-Signature: canary\r\n"+
		"Paxos_Signature: canary\r\nCookie: canary\r\nForwarded: for=canary\r\nX-Forwarded-For: canary\r\n"+
		"X_Forwarded_Host: canary\r\nX-Http-Method-Override: DELETE\r\nX-HTTP-Method: canary\r\n"+
		"X-Method-Override: canary\r\nX-Original-Url: /canary\r\nX-Rewrite-Url: /canary\r\nX-Vault-Token: canary\r\n"+
		"X_VAULT_NAMESPACE: canary\r\nProxy-Authorization: canary\r\nKeep-Alive: canary\r\nTE: trailers\r\n"+
		"Content_Length: 1\r\nTransfer_Encoding: chunked\r\nConnection: keep-alive, X-Named\r\nX-Named: canary\r\n"+
		"Idempotency-Key: canary\r\nX-Kept: kept\r\nTrailer: X-Late\r\nTransfer-Encoding: chunked\r\n\r\n"+
		fmt.Sprintf("%x\r\n%s\r\n0\r\nX-Late: canary\r\nAuthorization: canary\r\n\r\n", len(body), body), 1)
	if len(got) != 1 || got[0].status != 200 {
		t.Fatalf("the answer is %v", got)
	}
	sent := p.arrivals()
	if len(sent) != 1 || sent[0].body != body || len(sent[0].trailer) != 0 || len(sent[0].encoding) != 0 ||
		sent[0].host != strings.TrimPrefix(p.gateway.URL, "http://") {
		t.Fatalf("arrived is %+v", sent)
	}
	var names []string
	for name, values := range sent[0].header {
		names = append(names, name)
		if strings.Contains(strings.Join(values, " "), "canary") || len(values) != 1 {
			t.Errorf("arrived is %s: %q", name, values)
		}
	}
	slices.Sort(names)
	want := []string{"Accept-Encoding", "Authorization", "Content-Length", "Content-Type", "Paxos-Signature", "X-Kept"}
	if !slices.Equal(slices.DeleteFunc(names, func(name string) bool { return name == "Accept-Encoding" }), want[1:]) {
		t.Errorf("arrived are the headers %q", names)
	}
}

// TestRequestsInARow sends several requests on one connection at once, some of which another server
// might take for fewer or for more.
func TestRequestsInARow(t *testing.T) {
	t.Parallel()
	p := newRoad(t, paxostest.Options{}).start(nil)
	first, second := payment("r-1", "1"), payment("r-2", "1000000")
	post := func(head, body string) string {
		return "POST " + payments + " HTTP/1.1\r\nHost: ADDRESS\r\nContent-Type: application/json\r\n" + head + "\r\n" + body
	}
	length := func(body string) string { return fmt.Sprintf("Content-Length: %d\r\n", len(body)) }
	got := p.raw(post(length(first)+length(first), first)+post(length(second), second)+
		"GET "+profiles+" HTTP/1.1\r\nHost: ADDRESS\r\n\r\n"+
		"GET /v2/unknown HTTP/1.1\r\nHost: ADDRESS\r\n\r\n", 4)
	if len(got) != 4 || got[0].status != 200 || got[1].status != 403 || got[2].status != 200 || got[3].status != 404 {
		t.Errorf("in a row: %v", got)
	}
	if sent := p.arrivals(); len(sent) != 2 || sent[0].body != first || sent[1].target != profiles {
		t.Errorf("arrived are %d requests", len(sent))
	}

	// A length that would make the next request a part of the body, and one that would make a part of
	// the body the next request: the coding decides, and Paxos gets a length.
	third := payment("r-3", "1")
	chunked := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(third), third)
	next := "GET " + profiles + " HTTP/1.1\r\nHost: ADDRESS\r\nOrigin: null\r\n\r\n"
	for _, wrong := range []int{4, len(chunked) + len(next)} {
		got := p.raw(post(fmt.Sprintf("Content-Length: %d\r\nTransfer-Encoding: chunked\r\n", wrong), chunked)+next, 2)
		if len(got) != 2 || got[0].status >= 500 || got[1].status != 403 {
			t.Errorf("a length of %d: %v", wrong, got)
		}
		if sent := p.arrivals(); len(sent) != 1 || sent[0].body != third || len(sent[0].encoding) != 0 {
			t.Errorf("a length of %d: arrived is %+v", wrong, sent)
		}
	}
	if executed := p.paxos.Executed(); len(executed) != 2 {
		t.Errorf("Paxos executed %+v", executed)
	}
}

// TestHTTP10 needs a Host header too on TCP, and is answered.
func TestHTTP10(t *testing.T) {
	t.Parallel()
	p := newRoad(t, paxostest.Options{}).start(nil)
	if got := p.raw("GET "+profiles+" HTTP/1.0\r\n\r\n", 1); len(got) != 1 || got[0].status != 403 {
		t.Errorf("without a host: %v", got)
	}
	p.expectNothingSent("HTTP/1.0 without a host")
	got := p.raw("GET "+profiles+" HTTP/1.0\r\nHost: ADDRESS\r\n\r\nGET "+profiles+" HTTP/1.0\r\n\r\n", 2)
	if len(got) != 1 || got[0].status != 200 || len(p.arrivals()) != 1 {
		t.Errorf("with one: %v", got)
	}
}

// TestLargeBodies says that a body is too large as soon as that is known.
func TestLargeBodies(t *testing.T) {
	t.Parallel()
	r := newRoad(t, paxostest.Options{})
	signed := r.start(nil)
	unsigned := r.start(func(wanted *settings, _ *deadlines) { wanted.signer = "" })
	head := "POST " + payments + " HTTP/1.1\r\nHost: ADDRESS\r\nContent-Type: application/json\r\n"
	for name, test := range map[string]struct {
		proxy *running
		text  string
		says  string
	}{
		"a gigabyte to be signed": {signed, head + "Content-Length: 1073741824\r\n\r\n", "8 KiB"},
		"a gigabyte":              {unsigned, head + "Content-Length: 1073741824\r\n\r\n", "1 MiB"},
		"chunks without an end": {signed, head + "Transfer-Encoding: chunked\r\n\r\n2001\r\n" +
			strings.Repeat(" ", 8193), "8 KiB"},
		"a byte too many": {signed, head + "Content-Length: 8193\r\n\r\n", "8 KiB"},
		"a read": {signed, "GET " + profiles + " HTTP/1.1\r\nHost: ADDRESS\r\nContent-Length: 1073741824\r\n\r\n",
			"1 MiB"},
	} {
		got := test.proxy.raw(test.text, 1) // though the rest of the body never comes
		if len(got) != 1 || got[0].status != 413 || got[0].problem() != "too-large" ||
			!strings.Contains(got[0].body, test.says) {
			t.Errorf("%s: %v", name, got)
		}
		test.proxy.expectNothingSent(name)
	}
	r.questions("")
	body := payment("r-1", "1")
	most := body + strings.Repeat(" ", 8192-len(body))
	signed.expect("as much as may be", signed.send("POST", payments, most, nil), 200, "")
}

// TestSlowCallers sends heads and bodies that never end: the connections are closed in time, and others
// are served meanwhile.
func TestSlowCallers(t *testing.T) {
	t.Parallel()
	p := newRoad(t, paxostest.Options{}).start(func(_ *settings, within *deadlines) {
		within.header, within.read = 300*time.Millisecond, 600*time.Millisecond
	})
	head := "POST " + payments + " HTTP/1.1\r\nHost: ADDRESS\r\nContent-Type: application/json\r\n"
	slow := make(chan []answer, 32)
	for range cap(slow) / 2 {
		go func() { slow <- p.raw(head+"X-A: ", 1) }()
		go func() { slow <- p.raw(head+"Content-Length: 100\r\n\r\n{", 1) }()
	}
	p.expect("another caller", p.pay("r-1", "1"), 200, "")
	late := 0
	for range cap(slow) {
		got := <-slow
		if len(got) > 0 && got[0].status != 408 {
			t.Errorf("a slow caller got %v", got)
		}
		late += len(got)
	}
	if sent := p.arrivals(); late < cap(slow)/2 || len(sent) != 1 {
		t.Errorf("%d slow callers got 408, Paxos got %d requests", late, len(sent))
	}
}
