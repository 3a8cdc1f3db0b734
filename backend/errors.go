package backend

import (
	"errors"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/store"
)

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
