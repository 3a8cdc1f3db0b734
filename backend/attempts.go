package backend

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Each secret that is submitted for a client that has one already is compared with it, and the answer tells
// whether it was the same. So that nobody can try out secrets that way, it is done this often at most.
const (
	mostAttempts  = 12
	attemptWindow = 5 * time.Minute
)

// attempts are the recent comparisons, by the storage key of the client.
type attempts struct {
	mu  sync.Mutex
	all map[string][]time.Time
}

// take counts an attempt, or refuses it.
func (a *attempts) take(key string, now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var recent []time.Time
	for _, at := range a.all[key] {
		if age := now.Sub(at); 0 <= age && age < attemptWindow {
			recent = append(recent, at)
		}
	}
	if len(recent) >= mostAttempts {
		return &fault{http.StatusTooManyRequests, fmt.Sprintf("Not saved: %d secrets were submitted for this client in the last 5 minutes. Retry in %s.",
			len(recent), (attemptWindow - now.Sub(recent[0])).Round(time.Second))}
	}
	if a.all == nil {
		a.all = map[string][]time.Time{}
	}
	a.all[key] = append(recent, now)
	return nil
}

// What a submitted secret is to a client that has some.
type secretKind int

const (
	newSecret     secretKind = iota // none of those that are stored
	currentSecret                     // the one that is in use
	olderSecret                       // one from before, whose tokens have not all ended
)

// recognize compares a submitted secret with those that are stored of the same Client ID, in constant time.
func (b *backend) recognize(key string, c client, clientID, secret string) (secretKind, error) {
	if err := checkClientSecret(secret); err != nil {
		return newSecret, err
	}
	if err := b.attempts.take(key, b.options.Now()); err != nil {
		return newSecret, err
	}
	found := newSecret
	for _, g := range c.Generations {
		if !g.ClientSecret.Is(secret) || g.ClientID != clientID {
			continue
		}
		if found = olderSecret; g.Number == c.last() {
			found = currentSecret
		}
	}
	return found, nil
}

// errOlderSecret is the answer to one of those.
var errOlderSecret = badRequest("Not saved: this is an older secret of this client. Choose Rotate Credentials in the Dashboard and store the new one.")

// errSameSecret is the answer to a rotation that would change nothing.
var errSameSecret = badRequest("This secret is stored already for this client. Choose Rotate Credentials in the Dashboard and store the new one.")
