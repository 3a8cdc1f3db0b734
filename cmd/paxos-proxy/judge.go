package main

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"vault-plugin-secrets-paxos/backend/signing"
	"vault-plugin-secrets-paxos/backend/signing/transport"
)

// judgeOrigin refuses what a web page in somebody's browser may have sent. The hosts are nil on a Unix
// socket, which no web page can reach.
func judgeOrigin(r *http.Request, hosts []string) *problem {
	if r.URL.Host != "" || r.URL.Scheme != "" || !strings.HasPrefix(r.RequestURI, "/") {
		return newProblem(http.StatusBadRequest, "not-a-path",
			"The request must name a path. This is no proxy for other hosts.")
	}
	switch {
	case hosts == nil:
		return nil
	case !slices.Contains(hosts, strings.ToLower(r.Host)):
		return newProblem(http.StatusForbidden, "foreign-host", "The Host header is not the address of paxos-proxy.")
	case has(r.Header, "Origin"), has(r.Header, "Sec-Fetch-Site"):
		return newProblem(http.StatusForbidden, "from-a-browser", "Requests of web pages are not accepted.")
	}
	return nil
}

// judgeRequest refuses what is not sent to Paxos, and returns the operation of the rest. net/http has
// refused more than one Host header and different Content-Lengths by now, and merged equal ones.
func judgeRequest(r *http.Request) (signing.Request, *problem) {
	switch {
	case r.Method == http.MethodConnect, r.Method == http.MethodTrace:
		return signing.Request{}, newProblem(http.StatusMethodNotAllowed, "method",
			"CONNECT and TRACE are not accepted.")
	case has(r.Header, "Upgrade"):
		return signing.Request{}, newProblem(http.StatusBadRequest, "upgrade", "Upgrade is not accepted.")
	case has(r.Header, "Expect"):
		return signing.Request{}, newProblem(http.StatusExpectationFailed, "expect",
			"Expect is not accepted. With curl, add -H 'Expect:'.")
	case has(r.Header, "Content-Encoding"):
		return signing.Request{}, newProblem(http.StatusUnsupportedMediaType, "content-encoding",
			"Content-Encoding is not accepted: send the body as it is.")
	}
	wanted, err := signing.NewRequest(r.Method, r.RequestURI, nil)
	var invalid *signing.Invalid
	if errors.As(err, &invalid) {
		return wanted, newProblem(http.StatusNotFound, "no-operation",
			"The request is no operation of Paxos's API: its "+
				invalid.Error()+".")
	}
	return wanted, nil
}

// readBody reads the body of a request. On TCP its type must be JSON, because a web page can send other
// types without asking.
func readBody(w http.ResponseWriter, r *http.Request, tcp bool) ([]byte, *problem) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, transport.MaximumHeldBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, newProblem(http.StatusRequestEntityTooLarge, "too-large", "The body must have at most 1 MiB.")
	case err != nil:
		return nil, newProblem(http.StatusBadRequest, "body", "The body did not arrive.")
	case len(body) == 0:
		return nil, nil
	case r.Method == http.MethodGet, r.Method == http.MethodDelete:
		return nil, newProblem(http.StatusBadRequest, "body", "The body must be empty for GET and DELETE.")
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); tcp &&
		(err != nil || kind != "application/json" || len(r.Header["Content-Type"]) != 1) {
		return nil, newProblem(http.StatusUnsupportedMediaType, "content-type",
			"The body must have the Content-Type application/json.")
	}
	return body, nil
}

// dropped are the headers of requests that are not sent on: those that the proxy sets itself, those
// that concern one connection (RFC 9110, section 7.6.1), and those by which a gateway may take the
// request for another one.
var dropped = []string{
	"authorization", "paxos-signature", "cookie", "forwarded", "content-length", "host",
	"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
	"x-http-method-override", "x-http-method", "x-method-override", "x-rewrite-url",
}

// droppedPrefixes are beginnings of headers of requests that are not sent on.
var droppedPrefixes = []string{"x-forwarded-", "x-vault-", "x-original-", "proxy-"}

// forwarded returns the headers of a request that are sent on. A header with _ in its name is taken for
// the one with -, as some gateways do.
func forwarded(header http.Header) http.Header {
	connection := connectionHeaders(header)
	out := http.Header{}
	for name, values := range header {
		plain := strings.ReplaceAll(strings.ToLower(name), "_", "-")
		if slices.Contains(dropped, plain) || slices.Contains(connection, plain) ||
			slices.ContainsFunc(droppedPrefixes, func(prefix string) bool { return strings.HasPrefix(plain, prefix) }) {
			continue
		}
		out[name] = slices.Clone(values)
	}
	if !has(out, "User-Agent") {
		out["User-Agent"] = nil // or net/http sends its own
	}
	return out
}

// answered returns the headers of an answer of Paxos that are passed on.
func answered(header http.Header) http.Header {
	connection := connectionHeaders(header)
	out := http.Header{}
	for name, values := range header {
		switch plain := strings.ToLower(name); plain {
		case "set-cookie", "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "te", "trailer",
			"transfer-encoding", "upgrade":
		default:
			if !slices.Contains(connection, plain) {
				out[name] = slices.Clone(values)
			}
		}
	}
	return out
}

// connectionHeaders returns the headers that Connection names, in lower case.
func connectionHeaders(header http.Header) []string {
	var names []string
	for _, line := range header["Connection"] {
		for name := range strings.SplitSeq(line, ",") {
			names = append(names, strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), "_", "-"))
		}
	}
	return names
}

// has reports whether there is a header, even an empty one.
func has(header http.Header, name string) bool { return len(header[http.CanonicalHeaderKey(name)]) > 0 }
