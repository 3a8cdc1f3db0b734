package paxos

import (
	"encoding/json"
	"net/http"
)

// do sends a request and decodes a successful reply into out, which may be nil.
// Any status but 200 is an *Error.
func (c *Connection) do(req *http.Request, doing string, out any) error {
	resp, err := c.http.Do(req)
	if err != nil {
		return c.failure(req.Context(), doing, req.URL.String(), err)
	}
	defer resp.Body.Close() //nolint:errcheck // the body is in memory
	if resp.StatusCode != http.StatusOK {
		var reply struct {
			Code string `json:"error"` // RFC 6749; absent from api.paxos.com's problem documents
		}
		_ = json.NewDecoder(resp.Body).Decode(&reply) // a refusal is a refusal whatever its body
		return refusal(doing, resp, reply.Code, c.now())
	}
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return &Error{Doing: doing, Host: req.URL.Host, Reason: errMalformedReply.Error()}
	}
	return nil
}
