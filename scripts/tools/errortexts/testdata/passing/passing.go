// Package passing has a function that gets the text of an error from its callers.
package passing

import "vault-plugin-secrets-paxos/scripts/tools/errortexts/testdata/sample/fault"

func refuse(name, format string) error {
	return fault.BadRequest(format, name)
}

var (
	errNamed   = fault.BadRequest("The text of this error is known.")
	errRefused = refuse("x", "The text of role %q is not known.")
)
