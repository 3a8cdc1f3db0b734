package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// The largest bodies. That of a signed request is part of its signature, which is a header.
const (
	MaximumSignedBody = 8 << 10 // bytes; a larger one is an error
	MaximumHeldBody   = 1 << 20 // bytes; a larger one that is not signed is sent, but never repeated
)

// version is the path below which all operations of Paxos's API are. Signed paths begin with it.
const version = "/v2"

// A Signature is what the engine answers at sign/<signer>.
type Signature struct {
	Header   http.Header // headers: those to send with the request
	ClientID string      // client_id: whose key signed; empty: not known, so that it is not compared
}

// A Signer returns the signature of a request: of the method, the path that begins with /v2 and has the
// query, and the exact body. If it returns an error, the request is not sent. It must be safe for
// concurrent use.
type Signer func(ctx context.Context, method, path string, body []byte) (Signature, error)

// The errors of requests that are not sent.
var (
	// ErrOtherClient says that Paxos would refuse the request: it takes signatures of the client only
	// that the token is of.
	ErrOtherClient = errors.New("the token and the signature are of different clients: the role and the signer must " +
		"use the same client")
	ErrElsewhere = errors.New("the request is not for Paxos's API: its URL is not below the token's api_url")
	ErrNotText   = errors.New("the body is not UTF-8 and cannot be signed: JSON could not carry it to Vault unchanged")
	ErrTooLarge  = fmt.Errorf("the body has more than %d bytes and cannot be signed", MaximumSignedBody)
)

// A Transport is an http.RoundTripper that sends requests to Paxos with an access token and, if there
// is a Signer, a signature. The URL of a request begins with the token's api_url, or has no host and
// begins with /v2, as in "/v2/profiles"; any other is refused, so that the token goes nowhere else.
//
// A request whose token and signature are of different clients is not sent (ErrOtherClient).
//
// A request that Paxos answers with 401 is repeated once, with another token and the same signature,
// if the source has another token and the body has at most MaximumHeldBody bytes. After a broken
// connection nothing is repeated but what net/http repeats by itself, which are requests that only
// read: Paxos may have executed the request.
type Transport struct {
	Tokens    TokenSource
	Sign      Signer            // nil: nothing is signed
	SignReads bool              // sign GET and HEAD too
	Base      http.RoundTripper // sends the requests; nil: http.DefaultTransport
}

// RoundTrip sends a request. Its errors are those of the token source and of the signer, which errors.As
// and errors.Is find, those of this package, such as ErrOtherClient, and those of Base. After an error
// of Base, Paxos may have executed the request; after any other, it was not sent.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := &sentBody{}
	if r.Body != nil {
		sent.rest = r.Body
		defer sent.closeUnsent()
	}
	signs := t.Sign != nil && (t.SignReads || !reads(r.Method))
	if err := sent.hold(signs); err != nil {
		return nil, err
	}
	token, err := t.Tokens(r.Context(), Question{})
	if err != nil {
		return nil, err
	}
	target, signedPath, err := locate(r.URL, token.APIURL)
	if err != nil {
		return nil, err
	}
	var signature Signature
	if signs {
		if signature, err = t.Sign(r.Context(), r.Method, signedPath, sent.held); err != nil {
			return nil, err
		}
		if token, err = t.tokenFor(r.Context(), signature, token); err != nil {
			return nil, err
		}
	}
	attempt := func(token Token) (*http.Response, error) {
		return t.base().RoundTrip(prepare(r, target, token, signature.Header, sent))
	}
	response, err := attempt(token)
	if err != nil || response.StatusCode != http.StatusUnauthorized || !sent.whole {
		return response, err
	}
	next, err := t.Tokens(r.Context(), Question{RejectedID: token.ID})
	if err != nil || next.AccessToken == token.AccessToken || next.APIURL != token.APIURL || !signature.goesWith(next) {
		return response, nil // the 401 is the answer
	}
	_ = response.Body.Close()
	return attempt(next)
}

// tokenFor returns a token of the client that the signature is of. The source is asked again if the
// token is of another one: it may be older than a change of the client.
func (t *Transport) tokenFor(ctx context.Context, signature Signature, token Token) (Token, error) {
	if signature.goesWith(token) {
		return token, nil
	}
	next, err := t.Tokens(ctx, Question{ClientID: signature.ClientID})
	switch {
	case err != nil:
		return Token{}, err
	case !signature.goesWith(next), next.APIURL != token.APIURL:
		return Token{}, ErrOtherClient
	}
	return next, nil
}

// goesWith reports whether the signature and the token are of the same client, as far as is known.
func (s Signature) goesWith(token Token) bool {
	return s.ClientID == "" || token.ClientID == "" || s.ClientID == token.ClientID
}

// base returns what sends the requests.
func (t *Transport) base() http.RoundTripper {
	if t.Base != nil {
		return t.Base
	}
	return http.DefaultTransport
}

// reads reports whether requests of a method only read.
func reads(method string) bool {
	return method == "" || method == http.MethodGet || method == http.MethodHead
}

// prepare returns the request to send. The caller's request stays as it is.
func prepare(r *http.Request, target *url.URL, token Token, signature http.Header, body *sentBody) *http.Request {
	out := r.Clone(r.Context())
	out.URL, out.Host = target, ""
	if out.Header == nil {
		out.Header = http.Header{}
	}
	out.Header.Del("Paxos-Signature")
	out.Header.Set("Authorization", "Bearer "+token.AccessToken)
	for name, values := range signature {
		out.Header[http.CanonicalHeaderKey(name)] = values
	}
	// net/http repeats a request by itself if it can read the body again with GetBody, or if it has no
	// body and a header that calls it idempotent, which Paxos does not know.
	out.GetBody = nil
	if !reads(r.Method) {
		out.Header.Del("Idempotency-Key")
		out.Header.Del("X-Idempotency-Key")
	}
	switch {
	case !body.whole:
		out.Body = body.unread()
		return out
	case len(body.held) == 0:
		out.Body = nil
	default:
		out.Body = io.NopCloser(bytes.NewReader(body.held))
	}
	out.ContentLength, out.TransferEncoding, out.Trailer = int64(len(body.held)), nil, nil
	return out
}

// locate returns where a request goes to, and its path as it is signed. A prefix that api_url has
// before /v2 is that of a gateway, and not part of what Paxos sees.
func locate(wanted *url.URL, apiURL string) (target *url.URL, signedPath string, err error) {
	api, err := url.Parse(apiURL)
	if err != nil || api.Host == "" || !strings.HasSuffix(api.Path, version) {
		return nil, "", errors.New("the token's api_url is not the URL of Paxos's API, which ends in " + version)
	}
	prefix := strings.TrimSuffix(api.EscapedPath(), version)
	out := *wanted
	path := wanted.EscapedPath()
	switch {
	case wanted.Opaque != "" || wanted.User != nil:
		return nil, "", ErrElsewhere
	case wanted.Host == "" && wanted.Scheme == "":
		out.Scheme, out.Host = api.Scheme, api.Host
		out.Path = strings.TrimSuffix(api.Path, version) + wanted.Path
		out.RawPath = ""
		if wanted.RawPath != "" {
			out.RawPath = prefix + wanted.RawPath
		}
	case wanted.Scheme == api.Scheme && strings.EqualFold(wanted.Host, api.Host) && strings.HasPrefix(path, prefix):
		path = strings.TrimPrefix(path, prefix)
	default:
		return nil, "", ErrElsewhere
	}
	if !strings.HasPrefix(path, version+"/") || climbs(wanted.Path) {
		return nil, "", ErrElsewhere
	}
	return &out, strings.TrimPrefix(out.RequestURI(), prefix), nil
}

// climbs reports whether a path has a dot segment, by which it could leave api_url.
func climbs(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}
