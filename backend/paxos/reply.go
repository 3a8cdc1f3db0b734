package paxos

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maximumReply is how many bytes are read of a reply at most, of its headers and of its body each. A
// token reply has about 300 bytes, and lists are requested in pages that fit (see pageSize).
const maximumReply = 64 << 10

// errReplyTooLarge reports a body that is larger than maximumReply.
var errReplyTooLarge = errors.New("the reply is larger than 64 KiB")

// cappedTransport reads each reply into memory before it is parsed, and refuses one that is too large,
// so that the other side cannot make the process use any amount of memory.
type cappedTransport struct{ next datedTransport }

// RoundTrip sends a request and returns the reply, whose body is in memory.
func (t cappedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maximumReply+1))
	_ = resp.Body.Close() // the body was read, or reading it failed already
	if err != nil {
		return nil, err
	}
	if len(body) > maximumReply {
		return nil, errReplyTooLarge
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// CloseIdleConnections is called by http.Client.CloseIdleConnections, which does nothing if the
// transport has no such method.
func (t cappedTransport) CloseIdleConnections() { t.next.CloseIdleConnections() }

// tokenReply rewrites the body of a token reply so that the OAuth2 library reads it as RFC 6749,
// section 5.1, says: one JSON object in valid UTF-8, in which expires_in is a whole number or missing.
// A reply with an unreadable lifetime is kept, because its token must still be known to be revoked.
func tokenReply(body []byte) ([]byte, error) {
	if !utf8.Valid(body) {
		return nil, errMalformedReply
	}
	reply, err := members(body)
	if err != nil {
		return nil, errMalformedReply
	}
	if seconds, ok := wholeSeconds(reply["expires_in"]); ok {
		reply["expires_in"] = seconds
	} else {
		delete(reply, "expires_in")
	}
	return json.Marshal(reply)
}

// members reads the JSON object that the whole body must consist of. It refuses an object that has a
// name twice, also in different case, because two readers could then take different tokens from it.
func members(body []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil, errMalformedReply
	}
	object, seen := map[string]any{}, map[string]bool{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		var value any
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
		key, _ := name.(string)                         // the decoder returns only names here
		folded := strings.ToLower(strings.ToUpper(key)) // as encoding/json does, which takes ſ for s
		if seen[folded] {
			return nil, errMalformedReply
		}
		object[key], seen[folded] = value, true
	}
	if _, err := decoder.Token(); err != nil { // the closing brace
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errMalformedReply
	}
	return object, nil
}

// errMalformedReply reports a reply that does not have the form that RFC 6749 or Paxos documents.
var errMalformedReply = errors.New("the reply is malformed")

// wholeSeconds reads a lifetime from a JSON number, as Paxos sends it, or from a numeric string, as
// some OAuth2 servers do. It reports false for anything that is not a whole number.
func wholeSeconds(value any) (int64, bool) {
	text, ok := value.(string)
	if number, isNumber := value.(json.Number); isNumber {
		text, ok = number.String(), true
	}
	if !ok {
		return 0, false
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	return seconds, err == nil
}

// tokenTransport applies tokenReply to every reply of the token endpoint, and labels it as JSON: the
// OAuth2 library would read a reply with another label as a query string.
type tokenTransport struct{ next http.RoundTripper }

// RoundTrip sends a request to the token endpoint and returns the rewritten reply.
func (t tokenTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	clean, err := tokenReply(body)
	if err != nil {
		if resp.StatusCode < 300 {
			return nil, err
		}
		clean = []byte("{}") // the status alone says that it is a refusal
	}
	resp.Header.Set("Content-Type", "application/json")
	resp.Body = io.NopCloser(bytes.NewReader(clean))
	return resp, nil
}
