package main

import (
	"net/http"
	"slices"
	"strings"
)

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
