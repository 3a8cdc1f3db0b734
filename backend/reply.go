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
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/store"
)

// reply turns an error into the response of Vault. It is the only place where that is decided. A
// coded error must be the outermost one, and logical.ErrReadOnly must not be wrapped: gRPC would
// make a plain 500 of either.
func reply(err error) (*logical.Response, error) {
	var (
		mistake   *fault.Fault
		throttled *limits.Throttled
		mismatch  *broker.Mismatch
		refused   *paxos.Error
		begun     *stopped
	)
	switch {
	case readOnly(err):
		return nil, logical.ErrReadOnly // Vault forwards the request to a node that can write
	case errors.As(err, &begun):
		return begun.reply()
	case errors.As(err, &mistake) && mistake.Status == http.StatusBadRequest:
		return logical.ErrorResponse(mistake.Text), nil
	case errors.As(err, &mistake):
		return nil, logical.CodedError(mistake.Status, mistake.Text)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return nil, logical.CodedError(http.StatusServiceUnavailable, "The request was canceled before Paxos answered.")
	case errors.As(err, &throttled):
		return nil, logical.CodedError(http.StatusTooManyRequests, throttled.Error())
	case errors.As(err, &mismatch):
		return nil, logical.CodedError(http.StatusBadGateway, fmt.Sprintf("Rejected the token that Paxos returned: %s. "+
			"Contact your Vault operators.", mismatch.Reason))
	case errors.As(err, &refused):
		return replyRefused(refused)
	}
	if vaultsOwn(err) {
		return nil, err
	}
	return nil, logical.CodedError(http.StatusInternalServerError, failed(err))
}

// vaultsOwn reports whether an error is one that Vault itself turns into an answer, so that it must stay
// as it is.
func vaultsOwn(err error) bool {
	//nolint:errorlint // Vault takes the code of the outermost error only
	if _, coded := err.(logical.HTTPCodedError); coded {
		return true
	}
	for _, known := range []error{logical.ErrUnsupportedOperation, logical.ErrUnsupportedPath,
		logical.ErrInvalidRequest, logical.ErrPermissionDenied} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// failed says that a request failed for a reason that neither the caller nor Paxos is responsible for,
// such as storage.
func failed(err error) string {
	cause := strings.ReplaceAll(err.Error(), "\n", "; ")
	if store.IsUnreadable(err) { // a retry does not help
		return fmt.Sprintf("The paxos secrets engine could not complete the request: %s. Contact your Vault operators.",
			cause)
	}
	return fmt.Sprintf("The paxos secrets engine could not complete the request: %s. Retry. If it fails again, contact "+
		"your Vault operators.", cause)
}

// replyRefused answers for an error of Paxos. What an operator must mend is a 400. A 5xx would make
// the clients of Vault retry, and each attempt costs a token request.
func replyRefused(refused *paxos.Error) (*logical.Response, error) {
	text := sentence(refused)
	switch {
	case refused.Throttled():
		return nil, logical.CodedError(http.StatusTooManyRequests, text)
	case refused.Temporary():
		return nil, logical.CodedError(http.StatusBadGateway, text)
	}
	return logical.ErrorResponse("%s", text), nil
}

// readOnly reports whether storage refused a write on this node. gRPC delivers that error as text,
// so the text is compared too.
func readOnly(err error) bool {
	return errors.Is(err, logical.ErrReadOnly) ||
		err != nil && strings.Contains(err.Error(), logical.ErrReadOnly.Error())
}

// located puts the path of the mount in the place of mountMark, in all texts that the caller gets.
func located(mount string, resp *logical.Response, err error) (*logical.Response, error) {
	if mount == "" {
		return resp, err
	}
	fill := func(text string) string { return strings.ReplaceAll(text, mountMark, mount) }
	if resp != nil {
		for i, warning := range resp.Warnings {
			resp.Warnings[i] = fill(warning)
		}
		if text, ok := resp.Data["error"].(string); ok && resp.IsError() {
			resp.Data["error"] = fill(text)
		}
	}
	//nolint:errorlint // Vault takes the code of the outermost error only
	if coded, ok := err.(logical.HTTPCodedError); ok && strings.Contains(err.Error(), mountMark) {
		err = logical.CodedError(coded.Code(), fill(err.Error()))
	}
	return resp, err
}
