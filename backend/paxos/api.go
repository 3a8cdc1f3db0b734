package paxos

import (
	"encoding/json"
	"io"
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
	decoder := json.NewDecoder(resp.Body)
	if err := decoder.Decode(out); err != nil {
		return malformed(doing, req.URL.Host)
	}
	if _, err := decoder.Token(); err != io.EOF { // something follows
		return malformed(doing, req.URL.Host)
	}
	return nil
}

// malformed is the Error for a 200 whose body is not what the documentation says.
func malformed(doing, host string) *Error {
	return &Error{Doing: doing, Host: host, Reason: errMalformedReply.Error(), Malformed: true}
}
