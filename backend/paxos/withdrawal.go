package paxos

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
)

// An Attempt is how Paxos answered a withdrawal that it cannot execute.
type Attempt struct {
	Status     int
	Signature  bool // the answer speaks of signatures
	Scope      bool // the answer speaks of scopes
	Validation bool // the answer refuses the body: it names a field, or says that the body is not valid
}

// AttemptWithdrawal sends CreateCryptoWithdrawal
// (https://docs.paxos.com/api-reference/endpoints/transfers) with the body {}, which names no
// amount, asset or destination, so that it moves nothing. The token needs WithdrawalScope. If
// signed, it is signed with a key of the client, and not sent if there is none: ok is false then.
// Otherwise it is sent without a signature. An answer that may be another one later is an error.
func (c *Connection) AttemptWithdrawal(ctx context.Context, bearer Bearer, signed bool) (seen Attempt, ok bool,
	err error) {
	const trying = "trying whether request signing is enforced"
	sender := *c
	if !signed {
		sender.settings.Sign = nil
	}
	req, err := sender.apiRequest(ctx, trying, http.MethodPost, "/transfer/crypto-withdrawals", bearer, []byte("{}"))
	if err != nil {
		return seen, false, err
	}
	if signed && req.Header.Get(signatureHeader) == "" {
		return seen, false, nil
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return seen, false, c.failure(ctx, trying, req.URL.String(), err)
	}
	defer resp.Body.Close() // it is in memory
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return seen, false, c.failure(ctx, trying, req.URL.String(), err)
	}
	if e := c.refused(trying, resp, body); e.Temporary() {
		return seen, false, bearer.attribute(e)
	}
	seen = Attempt{Status: resp.StatusCode, Signature: mentionsSignature(body),
		Scope: bytes.Contains(bytes.ToLower(body), []byte("scope"))}
	seen.Validation = !seen.Signature && refusesBody(resp.StatusCode, body)
	return seen, true, nil
}

// Executed reports whether Paxos accepted the withdrawal.
func (a Attempt) Executed() bool { return a.Status >= 200 && a.Status < 300 }

// refusesBody reports whether an answer refuses the body of a withdrawal. Paxos's words are not
// documented, so every field of the body and the usual words are looked for.
func refusesBody(status int, body []byte) bool {
	if status != http.StatusBadRequest && status != http.StatusUnprocessableEntity {
		return false
	}
	text := strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(string(body)))
	for _, word := range []string{"refid", "profileid", "amount", "asset", "destination", "cryptonetwork",
		"beneficiary", "required", "mustbe", "mustnotbe", "validat", "invalidargument", "invalidfield",
		"invalidrequest", "missingfield", "badparameter"} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}
