package transport

import (
	"context"
	"sync"
	"time"
)

// A Token is an access token, as the engine answers it at token/<role>.
type Token struct {
	AccessToken string        // the bearer token
	ID          string        // token_id
	ClientID    string        // client_id
	APIURL      string        // api_url: the only place that the token is sent to
	TTL         time.Duration // ttl: after how long to ask the engine again
}

// A TokenSource returns the access token to send. If rejectedID is not empty, Paxos has answered 401
// to the token with that ID, and the source should pass it on as rejected_token_id. It may return
// the same token again. It must be safe for concurrent use.
type TokenSource func(ctx context.Context, rejectedID string) (Token, error)

// Cached returns a source that keeps the token of another source for its TTL. One caller at a time
// asks the other source. A token that was rejected is not kept, unless the other source returns it
// again.
func Cached(source TokenSource) TokenSource {
	return (&cache{source: source, turn: make(chan struct{}, 1)}).get
}

// A cache keeps the last token of a source.
type cache struct {
	source TokenSource
	turn   chan struct{} // held by whoever asks the source; a channel, so that waiting can be cancelled

	mu     sync.Mutex
	token  Token
	until  time.Time
	answer int // counts the tokens that the source has returned
}

// get is the TokenSource.
func (c *cache) get(ctx context.Context, rejectedID string) (Token, error) {
	token, seen, ok := c.kept(rejectedID)
	if ok {
		return token, nil
	}
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return Token{}, ctx.Err()
	}
	// If the source has answered since, that answer is for this caller too, even if it is the token
	// that this caller saw rejected: the question is not asked once for each of many requests.
	token, now, ok := c.kept(rejectedID)
	if _, _, fresh := c.kept(""); ok || fresh && now != seen {
		return token, nil
	}
	if token.ID != rejectedID { // it was superseded, so that the source need not hear of it
		rejectedID = ""
	}
	asked := time.Now()
	token, err := c.source(ctx, rejectedID)
	if err != nil {
		return Token{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.token, c.until, c.answer = token, asked.Add(token.TTL), c.answer+1
	return token, nil
}

// kept returns the token that is kept and how often the source has answered. It reports whether the
// token can be used by a caller who saw the token with rejectedID rejected.
func (c *cache) kept(rejectedID string) (token Token, answer int, usable bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	usable = time.Now().Before(c.until) && (rejectedID == "" || c.token.ID != rejectedID)
	return c.token, c.answer, usable
}
