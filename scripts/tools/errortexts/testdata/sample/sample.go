// Package sample makes texts in all the ways that there are.
package sample

import (
	"net/http"
	"strings"
	"time"

	"vault-plugin-secrets-paxos/scripts/tools/errortexts/testdata/sample/fault"
)

const (
	mark    = "<mount>/"
	longest = 15 * time.Second
)

type role struct{ ClientID string }

func texts(r role, name string, scopes []string, err error) []error {
	const again = "Read %sroles/%s again."
	return []error{
		fault.BadRequest("Role %q does not exist. "+again, name, mark, name),
		fault.BadRequest("Role %q does not exist. Read "+mark+"roles/%s again.", name, name), // the same
		fault.New(http.StatusNotFound, "Client %s lacks %s: %v.", r.ClientID, strings.Join(scopes, ", "), err),
		fault.New(http.StatusConflict, "Wait %s, at most %d%%: %[1]s.", longest, 3),
		fault.BadRequest("%s", err), // passes on another text
	}
}
