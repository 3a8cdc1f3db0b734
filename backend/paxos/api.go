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
		return failure(doing, err)
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
		return malformed(doing)
	}
	if _, err := decoder.Token(); err != io.EOF { // something follows
		return malformed(doing)
	}
	return nil
}

// malformed is the Error for a 200 whose body is not what the documentation says.
func malformed(doing string) *Error {
	return &Error{Doing: doing, Reason: errMalformedReply.Error(), Malformed: true}
}
