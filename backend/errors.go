package backend

import (
	"errors"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/store"
)

// errChanged reports that the role was changed or rotated while a reader's request was under way.
var errChanged = errors.New("the role was changed or rotated meanwhile")

// errTokenID refuses a malformed token_id. It does not repeat the input, because a caller may have
// sent the token itself, and errors reach logs.
var errTokenID = fault.BadRequest("token_id must be the 32 hexadecimal digits in lower case that creds/ and " +
	"token/ return with a token.")

// errNotConfigured is the answer of every path that needs config while there is none.
var errNotConfigured = fault.BadRequest("This mount is not configured. Contact your Vault operators. Operators: run " +
	"`vault write " + mountMark + "config environment=<environment> client_id=<Client ID> client_secret=-`.")

// errNoRoot is the answer of every path that needs the root client while there is none.
var errNoRoot = fault.BadRequest("This mount has no root client yet. Contact your Vault operators. Operators: run " +
	"`vault write " + mountMark + "config client_id=<Client ID> client_secret=-`.")

// notConfigured turns the error of reading config into errNotConfigured if there is no config, and
// returns it unchanged otherwise.
func notConfigured(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return errNotConfigured
	}
	return err
}
