package paxos

import (
	"context"
	"encoding/json"
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
	defer resp.Body.Close() //nolint:errcheck // the body is in memory
	if resp.StatusCode != http.StatusOK {
		var reply struct {
			Code string `json:"error"` // RFC 6749, section 5.2; the problem documents of api.paxos.com have none
		}
		_ = json.NewDecoder(resp.Body).Decode(&reply) // the status alone says that it is a refusal
		return refusal(doing, resp, reply.Code, c.now())
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

// apiRequest builds a request to the Paxos API. The path is what follows the version, with its query.
func (c *Connection) apiRequest(ctx context.Context, method, path string, bearer Secret) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.settings.APIURL+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+bearer.Reveal())
	req.Header.Set("Accept", "application/json")
	return req, nil
}
