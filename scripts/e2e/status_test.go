package e2e

import (
	"errors"

	"github.com/hashicorp/vault/api"
)

// status returns the HTTP status of an error from Vault; 0 if there is no error.
func status(err error) int {
	var answer *api.ResponseError
	if errors.As(err, &answer) {
		return answer.StatusCode
	}
	return 0
}
