package e2e

import (
	"errors"

	"github.com/hashicorp/vault/api"
)

// status is the HTTP status of Vault's answer that became an error, 0 for no error.
func status(err error) int {
	var answer *api.ResponseError
	if errors.As(err, &answer) {
		return answer.StatusCode
	}
	return 0
}
