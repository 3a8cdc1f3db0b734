package broker

import (
	"errors"
	"time"

	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// A refresh that fails is tried again after firstRetry, then after twice as long each time up to
// lastRetry, and only when a reader asks.
const (
	firstRetry = 5 * time.Second
	lastRetry  = time.Minute
)

// retryDelay is how long to wait before the next try after so many failures in a row.
func retryDelay(failures int, cause error) time.Duration {
	delay := min(firstRetry<<min(failures-1, 10), lastRetry)
	return max(delay, retryAfter(cause))
}

// retryAfter is how long the failure itself asks to wait.
func retryAfter(err error) time.Duration {
	var throttled *limits.Throttled
	if errors.As(err, &throttled) {
		return throttled.RetryAfter
	}
	return 0
}

// temporary reports whether the failure says nothing against the token that is being served: Paxos
// or the budget is unavailable for now.
func temporary(err error) bool {
	var answer *paxos.Error
	var throttled *limits.Throttled
	return errors.As(err, &throttled) || errors.As(err, &answer) && answer.Temporary()
}
