package main

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
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
			"The request must have a path, and no host. paxos-proxy sends requests to Paxos only.")
	}
	switch {
	case hosts == nil:
		return nil
	case !slices.Contains(hosts, strings.ToLower(r.Host)):
		return newProblem(http.StatusForbidden, "foreign-host",
			"The Host header must be the address of paxos-proxy. The request was not sent.")
	case has(r.Header, "Origin"), has(r.Header, "Sec-Fetch-Site"):
		return newProblem(http.StatusForbidden, "from-a-browser",
			"Requests from web pages are not accepted. The request was not sent.")
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
		return signing.Request{}, newProblem(http.StatusBadRequest, "upgrade", "The Upgrade header is not accepted.")
	case has(r.Header, "Expect"):
		return signing.Request{}, newProblem(http.StatusExpectationFailed, "expect",
			"The Expect header is not accepted. With curl, add -H 'Expect:'.")
	case has(r.Header, "Content-Encoding"):
		return signing.Request{}, newProblem(http.StatusUnsupportedMediaType, "content-encoding",
			"Content-Encoding is not accepted. Send the body without compression.")
	}
	wanted, err := signing.NewRequest(r.Method, r.RequestURI, nil)
	var invalid *signing.Invalid
	if errors.As(err, &invalid) {
		return wanted, newProblem(http.StatusNotFound, "no-operation",
			"paxos-proxy does not send this request: its "+invalid.Error()+".")
	}
	return wanted, nil
}

// readBody reads the body of a request, as far as it may be sent. On TCP its type must be JSON, because
// a web page can send other types without asking.
func readBody(w http.ResponseWriter, r *http.Request, signed, tcp bool) ([]byte, *problem) {
	most, tooLarge := int64(transport.MaximumHeldBody), errTooLarge
	if signed {
		most, tooLarge = transport.MaximumSignedBody, errTooLargeToSign
	}
	if r.ContentLength > most {
		w.Header().Set("Connection", "close") // or net/http reads what there is of it
		return nil, tooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	var limit *http.MaxBytesError
	switch {
	case errors.As(err, &limit):
		return nil, tooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, newProblem(http.StatusRequestTimeout, "body", "The body did not arrive in time.")
	case err != nil:
		return nil, newProblem(http.StatusBadRequest, "body", "The body did not arrive completely.")
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
