package signing

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// The largest request that can be signed. The body is part of a header, and common proxies accept
// headers of 8 to 16 KiB.
const (
	MaximumBody = 8 << 10 // bytes
	maximumPath = 6 << 10 // bytes, including the query
)

// A Request is a request to Paxos's API that can be signed. It is for an operation of the
// catalogue, and has exactly the bytes that will be sent. Use NewRequest.
type Request struct {
	Operation catalog.Operation
	Method    string
	Path      string // with /v2 and without the query
	Query     string // unchanged, without the question mark; empty if there is none
	Body      []byte // unchanged; empty for GET and DELETE
}

// Target returns the path with the query, as it is signed and sent.
func (r Request) Target() string {
	if r.Query == "" {
		return r.Path
	}
	return r.Path + "?" + r.Query
}

// An Invalid error says which part of a request cannot be signed, and why. It does not repeat the
// body.
type Invalid struct {
	Parameter string // method, path or body
	Reason    string
}

// Error returns the parameter and the reason.
func (e *Invalid) Error() string { return e.Parameter + " " + e.Reason }

// NewRequest checks a request: a method in upper case, a target (the path that begins with /v2, and the
// query if there is one) and a body of at most MaximumBody bytes. The check of the path is strict,
// because Paxos might take another spelling of a path for another operation. A well-formed query is
// signed unchanged. Every error is an *Invalid.
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
		return r, &Invalid{"path", "has a query that " + cmp.Or(why, "is empty: leave the question mark out")}
	}
	switch {
	case len(body) > MaximumBody:
		return r, &Invalid{"body", fmt.Sprintf("must have at most %d bytes: it travels in a header", MaximumBody)}
	case len(body) > 0 && (method == http.MethodGet || method == http.MethodDelete):
		return r, &Invalid{"body", "must be empty for " + method}
	}
	operation, ok := catalog.Match(method, path)
	if !ok {
		return r, &Invalid{"path", "and method are not an operation of Paxos's API that this version knows"}
	}
	r.Operation = operation
	return r, nil
}

// pathProblem returns what is wrong with a path; empty if it is a plain path that begins with /v2.
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

// plain reports whether a character is allowed in a segment of a path.
func plain(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-'
}

// queryProblem returns what is wrong with a query; empty if it is printable ASCII with well-formed
// escapes (RFC 3986, sections 2.1 and 3.4).
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

// hexadecimal reports whether a byte is a hexadecimal digit.
func hexadecimal(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
