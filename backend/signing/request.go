package signing

import (
	"fmt"
	"net/http"
	"strings"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// Bounds on a request. The payload travels in a header, of which common proxies take 8 to 16 KiB.
const (
	MaximumBody = 8 << 10 // bytes
	maximumPath = 2 << 10 // bytes, query included
)

// A Request is a request to Paxos's API that can be signed: an operation of the catalogue, and
// exactly the bytes that will be sent. Use NewRequest.
type Request struct {
	Operation catalog.Operation
	Method    string
	Path      string // with /v2 and without the query
	Query     string // as it came, without the question mark; empty if there is none
	Body      []byte // the exact bytes; none for GET and DELETE
}

// Target is the path with its query, as it is signed and sent.
func (r Request) Target() string {
	if r.Query == "" {
		return r.Path
	}
	return r.Path + "?" + r.Query
}

// An Invalid error says which part of a request cannot be signed, and why. It never repeats the body.
type Invalid struct {
	Parameter string // method, path or body
	Reason    string
}

// Error names the parameter and the reason.
func (e *Invalid) Error() string { return e.Parameter + " " + e.Reason }

// NewRequest checks a request. The path is strict, because Paxos might read another spelling as
// another operation; the query is signed as it came, if it is well-formed. Every error is an Invalid.
func NewRequest(method, target string, body []byte) (Request, error) {
	path, query, asked := strings.Cut(target, "?")
	r := Request{Method: method, Path: path, Query: query, Body: body}
	switch {
	case method != strings.ToUpper(method):
		return r, &Invalid{"method", "must be in upper case, as in POST"}
	case method != http.MethodGet && method != http.MethodPost && method != http.MethodPut &&
		method != http.MethodDelete:
		return r, &Invalid{"method", "must be GET, POST, PUT or DELETE"}
	case len(target) > maximumPath:
		return r, &Invalid{"path", fmt.Sprintf("must have at most %d bytes", maximumPath)}
	}
	if why := pathProblem(path); why != "" {
		return r, &Invalid{"path", why}
	}
	if why := queryProblem(query); why != "" || asked && query == "" {
		return r, &Invalid{"path", "has a query that " + orElse(why, "is empty: leave the question mark out")}
	}
	switch {
	case len(body) > MaximumBody:
		return r, &Invalid{"body", fmt.Sprintf("must have at most %d bytes: it travels in a header", MaximumBody)}
	case len(body) > 0 && (method == http.MethodGet || method == http.MethodDelete):
		return r, &Invalid{"body", "must be empty for " + method}
	}
	operation, ok := catalog.Match(method, path)
	if !ok {
		return r, &Invalid{"path", "and method are no operation of Paxos's API that this version knows"}
	}
	r.Operation = operation
	return r, nil
}

// pathProblem says what is wrong with a path, nothing if it is a plain path with /v2.
func pathProblem(path string) string {
	if !strings.HasPrefix(path, "/v2/") {
		return "must begin with /v2/, and hold no host"
	}
	for segment := range strings.SplitSeq(path[1:], "/") {
		switch {
		case segment == "":
			return "must not have an empty segment or end in a slash"
		case strings.ContainsFunc(segment, func(r rune) bool { return !plain(r) }):
			return "must have segments of letters, digits, _ and - only: no escapes, no dots"
		}
	}
	return ""
}

// plain reports whether a character may stand in a segment of a path.
func plain(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-'
}

// queryProblem says what is wrong with a query, nothing if it is printable ASCII with well-formed
// escapes (RFC 3986, section 3.4).
func queryProblem(query string) string {
	for i := 0; i < len(query); i++ {
		switch c := query[i]; {
		case c <= ' ' || c >= 0x7f:
			return "holds a space, a control character or a non-ASCII character: escape it"
		case c == '#':
			return "holds a fragment"
		case c == '%':
			if i+2 >= len(query) || !hexadecimal(query[i+1]) || !hexadecimal(query[i+2]) {
				return "holds a % that is not followed by two hexadecimal digits"
			}
			i += 2
		}
	}
	return ""
}

func hexadecimal(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
