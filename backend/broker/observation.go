package broker

import (
	"time"

	"vault-plugin-secrets-paxos/backend/limits"
)

// An Observation is something that happened to a token, for metrics and events. It holds no secret.
type Observation struct {
	What What
	Row  Row // without its token; zero where there is no token
	Role string
	Kind limits.Kind
	Took time.Duration // at Paxos
	Err  error
}

// A What says what happened.
type What string

// These can happen.
const (
	Minted       What = "token-mint"
	MintFailed   What = "token-mint-fail"
	Revoked      What = "token-revoke"
	RevokeFailed What = "token-revoke-fail"
	Banned       What = "ban"
)
