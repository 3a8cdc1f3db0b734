package backend

import (
	"errors"
	"fmt"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/fault"
)

// TestReply turns errors into the status and the text that Vault's caller gets.
func TestReply(t *testing.T) {
	t.Parallel()
	storage := fmt.Errorf("writing roles/x: %w", errors.New("no quorum"))
	s := &logical.InmemStorage{}
	if err := s.Put(t.Context(), &logical.StorageEntry{Key: "roles/x", Value: []byte("{")}); err != nil {
		t.Fatal(err)
	}
	_, damaged := loadRole(t.Context(), s, "x")
	const failed = "The paxos secrets engine could not complete the request: writing roles/x: no quorum. Retry. If it " +
		"fails again, contact your Vault operators."
	for name, test := range map[string]struct {
		err    error
		status int
		text   string
	}{
		"a mistake": {fault.BadRequest("ttl must be at least 1s."), 400, "ttl must be at least 1s."},
		"two mistakes of a lower package": {fault.Invalid(errors.Join(errors.New("limits.USD must be a string"),
			errors.New("daily_limits.USD must be a string."))), 400,
			"limits.USD must be a string. daily_limits.USD must be a string."},
		"storage": {storage, 500, failed},
		"storage, twice": {errors.Join(errors.New("a"), errors.New("b")), 500,
			"The paxos secrets engine could not complete the request: a; b. Retry. If it " +
				"fails again, contact your Vault operators."},
		"a damaged entry": {damaged, 500, "The paxos secrets engine could not complete the request: decoding roles/x: the " +
			"stored entry is damaged. Contact your Vault operators."},
		"storage, after something was stored": {stoppedAfter(storage, "Role %q was stored, but its tokens were not revoked.",
			"x"), 500, `Role "x" was stored, but its tokens were not revoked. ` + failed},
		"a mistake, after something was stored": {stoppedAfter(fault.BadRequest("Not saved: config was changed."),
			"client_secret was stored."), 400, "client_secret was stored. Not saved: config was changed."},
		"a lockdown, after something was stored": {stoppedAfter(fault.Forbidden("In lockdown."), "It was stored."), 403,
			"It was stored. In lockdown."},
		"another node, after something was stored": {stoppedAfter(logical.ErrReadOnly, "It was stored."), 0,
			logical.ErrReadOnly.Error()},
		"a bad grant": {&broker.Mismatch{Reason: "the token is not a bearer token"}, 502,
			"Rejected the token that Paxos returned: the token is not a bearer token. Contact your Vault operators."},
		"an operation that the path has not": {logical.ErrUnsupportedOperation, 0, logical.ErrUnsupportedOperation.Error()},
	} {
		status, text := 0, ""
		resp, err := reply(test.err)
		//nolint:errorlint // Vault takes the code of the outermost error only
		switch coded, ok := err.(logical.HTTPCodedError); {
		case ok:
			status, text = coded.Code(), coded.Error()
		case err != nil:
			text = err.Error()
		case resp.IsError():
			status, text = 400, resp.Error().Error()
		}
		if status != test.status || test.text != "" && text != test.text {
			t.Errorf("%s: %d %s; want %d %s", name, status, text, test.status, test.text)
		}
	}
}
