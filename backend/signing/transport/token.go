package transport

import (
	"context"
	"errors"
	"time"
)

// A Token is an access token, as the engine answers it at token/<role>.
type Token struct {
	AccessToken string        // the bearer token
	ID          string        // token_id
	ClientID    string        // client_id
	APIURL      string        // api_url: the only place that the token is sent to
	TTL         time.Duration // ttl: after how long to ask the engine again
	ExpiresAt   time.Time     // expires_at; zero: not known, so that the token is not used after TTL
}

// A Question says what a TokenSource is asked for. The zero Question asks for any token of the role.
type Question struct {
	// RejectedID is the ID of a token that Paxos answered with 401. The source passes it on as
	// rejected_token_id. It may return the same token again.
	RejectedID string
	// ClientID is the client that a signature is of, if the token that was returned is of another
	// client. Cached asks its source again, because its token may be older than the signature. Other
	// sources can ignore it.
	ClientID string
}

// A TokenSource returns the access token to send. It must be safe for concurrent use.
type TokenSource func(context.Context, Question) (Token, error)

// ErrUnavailable is what a source wraps in its error if Vault cannot answer now, but has not refused
// either. Cached goes on with the token that it has until shortly before that expires.
var ErrUnavailable = errors.New("vault is unavailable")
