package paxos

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unicode/utf8"
)

// maximumReply is the most that is read of any reply, headers and body each. A
// token reply has about 300 bytes, a page of 1,000 credentials is asked for in
// parts that fit.
const maximumReply = 64 << 10

// errReplyTooLarge reports a body past maximumReply.
var errReplyTooLarge = errors.New("the reply is larger than 64 KiB")

// cappedTransport reads each reply whole before anybody parses it, and refuses
// what is too large, so that memory is bounded whatever the other side sends.
type cappedTransport struct{ next *http.Transport }

// RoundTrip does one exchange. The body it returns is in memory.
func (t cappedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maximumReply+1))
	_ = resp.Body.Close() // read to its end or given up: nothing is left to learn from it
	if err != nil {
		return nil, err
	}
	if len(body) > maximumReply {
		return nil, errReplyTooLarge
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// CloseIdleConnections is what http.Client.CloseIdleConnections looks for; without it
// that does nothing.
func (t cappedTransport) CloseIdleConnections() { t.next.CloseIdleConnections() }

// tokenReply makes what the token endpoint said fit for the OAuth2 library: one
// JSON object in valid UTF-8, labelled as JSON (the library would else read text
// as a query string), with expires_in a whole number or absent, because a grant
// whose lifetime cannot be read must still be readable enough to be revoked.
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

// members reads a JSON object that is alone in body. A name that comes twice, be it
// in another case, is refused: two readers could see two tokens.
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
		key, _ := name.(string)                         // the decoder gives nothing else in this place
		folded := strings.ToLower(strings.ToUpper(key)) // as encoding/json folds, for which ſ is an s
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

// errMalformedReply reports a reply that is not what the OAuth2 or Paxos
// specification says.
var errMalformedReply = errors.New("the reply is malformed")

// wholeSeconds reads a JSON number or a numeric string; Paxos sends a number,
// some OAuth2 servers a string.
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

// tokenTransport applies tokenReply to every reply of the token endpoint.
type tokenTransport struct{ next http.RoundTripper }

// RoundTrip does one exchange with the token endpoint.
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
		clean = []byte("{}") // a refusal is a refusal whatever its body
	}
	resp.Header.Set("Content-Type", "application/json")
	resp.Body = io.NopCloser(bytes.NewReader(clean))
	return resp, nil
}

// failure is the Error for a call that got no usable answer. The cause is put
// into our own words: errors of net/http quote bytes that the other side sent.
func (c *Connection) failure(ctx context.Context, doing, address string, err error) *Error {
	e := &Error{Doing: doing}
	if u, parseErr := url.Parse(address); parseErr == nil {
		e.Host = u.Host
	}
	var (
		operation   *net.OpError
		network     net.Error
		authority   x509.UnknownAuthorityError
		hostname    x509.HostnameError
		certificate x509.CertificateInvalidError
	)
	late := errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &network) && network.Timeout()
	switch {
	case errors.Is(err, errReplyTooLarge):
		e.Reason = errReplyTooLarge.Error()
	// the OAuth2 library's own complaints are no url.Error
	case errors.Is(err, errMalformedReply), !errors.As(err, new(*url.Error)):
		e.Reason = errMalformedReply.Error()
	case errors.Is(err, errForbiddenAddress):
		e.Reason = errForbiddenAddress.Error()
	case errors.As(err, &authority):
		e.Reason = "the server's certificate is signed by an unknown authority; see override_trusted_ca"
	case errors.As(err, &hostname):
		e.Reason = "the server's certificate is for another host"
	case errors.As(err, &certificate):
		e.Reason = "the server's certificate is not valid (expired, or not for this use)"
	case late && ctx.Err() == nil && !(errors.As(err, &operation) && operation.Op == "dial"):
		e.Reason, e.Waited = "no answer in time", c.settings.Timeout
	default:
		e.Reason, e.Unreachable = connectionProblem(err, late), true
	}
	e.Malformed = errors.Is(err, io.ErrUnexpectedEOF) // a reply that ended early
	return e
}

// connectionProblem says in our own words why there is no connection.
func connectionProblem(err error, late bool) string {
	var lookup *net.DNSError
	switch {
	case errors.As(err, &lookup):
		return "the host name could not be resolved"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET):
		return "connection reset"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "no route to the host"
	case late:
		return "no answer in time"
	case errors.Is(err, context.Canceled):
		return "the call was canceled"
	}
	return "the connection failed"
}
