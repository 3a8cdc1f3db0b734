package backend

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/store"
)

// reply turns an error into what Vault is to answer: the one place where that is
// decided. A coded error must stay outermost and a sentinel bare, or gRPC makes a
// plain 500 of it.
func reply(err error) (*logical.Response, error) {
	var (
		mistake   *fault.Fault
		throttled *broker.Throttled
		mismatch  *broker.Mismatch
		refused   *paxos.Error
	)
	switch {
	case readOnly(err):
		return nil, logical.ErrReadOnly // Vault forwards the request to a node that can write
	case errors.As(err, &mistake) && mistake.Status == http.StatusBadRequest:
		return logical.ErrorResponse(mistake.Text), nil
	case errors.As(err, &mistake):
		return nil, logical.CodedError(mistake.Status, mistake.Text)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return nil, logical.CodedError(http.StatusServiceUnavailable, "The request was canceled before Paxos answered.")
	case errors.As(err, &throttled):
		return nil, logical.CodedError(http.StatusTooManyRequests, throttled.Error())
	case errors.As(err, &mismatch):
		return nil, logical.CodedError(http.StatusBadGateway, err.Error())
	case errors.As(err, &refused):
		return replyRefused(refused)
	}
	return nil, err
}

// readOnly recognises storage's refusal to write, which comes over gRPC as text.
func readOnly(err error) bool {
	return errors.Is(err, logical.ErrReadOnly) ||
		err != nil && strings.Contains(err.Error(), logical.ErrReadOnly.Error())
}

// orphans says what a forced deletion leaves behind.
func orphans(tokens int) string {
	return fmt.Sprintf("%d tokens could not be revoked. Paxos accepts them until they expire, at most an hour "+
		"after they were issued.", tokens)
}

// errChanged reports that the role is not what it was when the reader came.
var errChanged = errors.New("the role was changed or rotated while a token was being requested; read again")

// errTokenID repeats nothing: somebody may have put the token itself there.
var errTokenID = fault.BadRequest("token_id must be 32 hexadecimal digits in lower case, as creds/ and " +
	"token/ answer it")

// errNotConfigured is the answer to every path that needs the configuration.
var errNotConfigured = fault.BadRequest("this mount is not configured: write environment, client_id and " +
	"client_secret to its config path")

// notConfigured says what the absence of a config means.
func notConfigured(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return errNotConfigured
	}
	return err
}

// errNoRoot is the answer where a root client is needed and there is none.
var errNoRoot = fault.BadRequest("this mount has no root client yet: write client_id and client_secret to its " +
	"config path")
