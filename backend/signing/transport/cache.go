package transport

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// expiryMargin is how long before its end a token is no longer used: a request takes some time,
	// and clocks differ.
	expiryMargin = 30 * time.Second
	// spareAfter is how long a caller waits for the source while there is a token that can be used.
	spareAfter = time.Second
	// flightTimeout is how long the source has to answer, whatever its callers do.
	flightTimeout = time.Minute
	// The source is asked again after the first pause if it was unavailable, then after twice as long,
	// up to the last one.
	firstPause = time.Second
	lastPause  = 30 * time.Second
)

// Cached returns a source that keeps the token of another source for its TTL. The other source is asked
// once, however many callers wait. A token that was rejected is not returned, unless the other source
// returns it again. If the other source is unavailable (ErrUnavailable), or is slow, callers get the
// token that is kept until shortly before it expires, and the source is asked again after a pause.
// Any other error is a refusal: the token is forgotten.
func Cached(source TokenSource) TokenSource { return (&cache{source: source}).get }

// A cache keeps the last token of a source.
type cache struct {
	source TokenSource

	mu       sync.Mutex
	token    Token
	askAt    time.Time // until then nobody asks the source
	failures int       // how often in a row the source was unavailable
	flight   *flight   // nil: nobody asks the source
}

// A flight is one question to the source, and its answer once done is closed.
type flight struct {
	wanted Question // what the caller asked who began it
	asked  Question // what the source is asked
	began  time.Time
	done   chan struct{}
	token  Token
	err    error
}

// get is the TokenSource.
func (c *cache) get(ctx context.Context, asked Question) (Token, error) {
	for {
		token, under := c.look(ctx, asked)
		if under == nil {
			return token, nil
		}
		var spare <-chan time.Time
		if asked == (Question{}) && alive(token) {
			timer := time.NewTimer(spareAfter - time.Since(under.began))
			defer timer.Stop()
			spare = timer.C
		}
		select {
		case <-under.done:
		case <-spare:
			return token, nil
		case <-ctx.Done():
			return Token{}, ctx.Err()
		}
		switch {
		case spare != nil && errors.Is(under.err, ErrUnavailable):
			return token, nil
		case under.answers(asked):
			return under.token, under.err
		}
		// The flight was under way already, and asked something else.
	}
}

// look returns the token that is kept, and, if the caller cannot use it as it is, the flight to wait
// for.
func (c *cache) look(ctx context.Context, asked Question) (Token, *flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Now().Before(c.askAt) && c.token.fits(asked) {
		return c.token, nil
	}
	if c.flight == nil {
		c.flight = &flight{wanted: asked, asked: asked, began: time.Now(), done: make(chan struct{})}
		if asked.RejectedID != c.token.ID { // it was superseded, so that the source need not hear of it
			c.flight.asked.RejectedID = ""
		}
		// Not with the context of the caller: others may wait for the same answer.
		go c.ask(context.WithoutCancel(ctx), c.flight)
	}
	return c.token, c.flight
}

// ask asks the source, and keeps what it answers.
func (c *cache) ask(ctx context.Context, under *flight) {
	ctx, cancel := context.WithTimeout(ctx, flightTimeout)
	defer cancel()
	under.token, under.err = c.source(ctx, under.asked)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flight = nil
	switch {
	case under.err == nil:
		c.token, c.askAt, c.failures = under.token, under.began.Add(under.token.TTL), 0
	case !errors.Is(under.err, ErrUnavailable):
		c.token, c.askAt, c.failures = Token{}, time.Time{}, 0
	case under.asked == (Question{}) && alive(c.token):
		c.askAt = time.Now().Add(min(firstPause<<min(c.failures, 10), lastPause))
		if end := c.token.ExpiresAt.Add(-expiryMargin); c.askAt.After(end) {
			c.askAt = end
		}
		c.failures++
	}
	close(under.done)
}

// answers reports whether what came of the flight is the answer to a question.
func (f *flight) answers(asked Question) bool {
	return f.wanted == asked || asked == (Question{}) || f.err == nil && f.token.fits(asked)
}

// fits reports whether a token can be the answer to a question without asking the source.
func (t Token) fits(asked Question) bool {
	return (asked.RejectedID == "" || t.ID != asked.RejectedID) &&
		(asked.ClientID == "" || t.ClientID == asked.ClientID)
}

// alive reports whether a token can be used although its TTL has passed.
func alive(token Token) bool { return time.Now().Before(token.ExpiresAt.Add(-expiryMargin)) }
