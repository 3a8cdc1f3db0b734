package paxos

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// do sends a request and decodes the JSON body of a reply with status 200 into out, unless out is nil.
// Every other reply, or none, is an *Error.
func (c *Connection) do(req *http.Request, doing string, out any) error {
	resp, err := c.http.Do(req)
	if err != nil {
		return c.failure(req.Context(), doing, req.URL.String(), err)
	}
	defer resp.Body.Close() // it is in memory
	if resp.StatusCode != http.StatusOK {
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return c.failure(req.Context(), doing, req.URL.String(), err)
		}
		return c.refused(doing, resp, body)
	}
	if out == nil {
		return nil
	}
	decoder := json.NewDecoder(resp.Body)
	if err := decoder.Decode(out); err != nil {
		return malformed(doing, req.URL.Host)
	}
	if _, err := decoder.Token(); err != io.EOF { // something follows the JSON value
		return malformed(doing, req.URL.Host)
	}
	return nil
}

// refused returns the Error for a reply whose status is not a success, with this body.
func (c *Connection) refused(doing string, resp *http.Response, body []byte) *Error {
	var reply struct {
		Code string `json:"error"` // RFC 6749, section 5.2; the problem documents of api.paxos.com have none
	}
	_ = json.Unmarshal(body, &reply) // the status alone says that it is a refusal
	e := refusal(doing, resp, reply.Code, c.now())
	e.judgeSignature(resp.Request, body)
	return e
}

// apiRequest builds a request to the Paxos API, and signs it if the client of the token has a key. No
// other function builds one. The path is what follows the version, with its query. Every error is an
// *Error.
func (c *Connection) apiRequest(ctx context.Context, doing, method, path string, bearer Bearer,
	body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.settings.APIURL+path, bytes.NewReader(body))
	if err != nil {
		return nil, c.failure(ctx, doing, c.settings.APIURL, err)
	}
	req.Header.Set("Authorization", "Bearer "+bearer.Token.Reveal())
	req.Header.Set("Accept", "application/json")
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.settings.Sign == nil {
		return req, nil
	}
	signature, err := c.settings.Sign(ctx, bearer.ClientID, method, apiVersion+path, body)
	if err != nil {
		return nil, &Error{Doing: doing, Host: req.URL.Host,
			Reason: fmt.Sprintf("the request was not sent, because it could not be signed: %s", err)}
	}
	if signature != "" {
		req.Header.Set(signatureHeader, signature)
	}
	return req, nil
}
