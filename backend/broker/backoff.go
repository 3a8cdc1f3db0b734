package broker

import (
	"errors"
	"net/http"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// What Paxos refuses definitely is tried again after firstBackoff, then after twice as long each
// time, up to lastBackoff: the answer changes only when a person changes something.
const (
	firstBackoff = time.Minute
	lastBackoff  = 8 * time.Minute
)

// errBackedOff says that no try was made.
var errBackedOff = errors.New("refused by Paxos before; the revocation is retried later")

// A backoff says when to try again what was refused. It begins without a wait when the
// refusal is ambiguous: then a try with another token finds out whether the client is refused.
type backoff struct {
	refusals int
	until    time.Time
	first    string // fingerprint of the token that was refused first
}

// wait sets the time of the next try after a further refusal.
func (o *backoff) wait(now time.Time) {
	o.until = now.Add(backoffAfter(o.refusals))
	o.refusals++
}

// backoffAfter is how long to wait after the last refusal, when there were so many before.
func backoffAfter(refusals int) time.Duration {
	return min(firstBackoff<<min(refusals, 10), lastBackoff)
}

// early reports whether it is too early for a try. A time further ahead than any backoff was set
// before the clock was set back.
func early(now, until time.Time) bool {
	return now.Before(until) && until.Sub(now) <= lastBackoff
}

// disowned reports whether Paxos rejects the credentials of the client.
func disowned(err error) bool {
	var answer *paxos.Error
	return errors.As(err, &answer) && (answer.Code == "invalid_client" || answer.Status == http.StatusUnauthorized)
}

// refusesAll reports whether Paxos refused the client, its address or the endpoint, and not just
// one token. Then one try is enough, unless the refusal is ambiguous.
func refusesAll(err error) bool {
	var answer *paxos.Error
	return disowned(err) || errors.As(err, &answer) && (answer.Status == http.StatusForbidden ||
		answer.Status == http.StatusNotFound || answer.Status == http.StatusMethodNotAllowed)
}

// ambiguous reports whether a refusal may concern the client or just one token, because Paxos does not
// say which of them it forbids or does not find.
func ambiguous(err error) bool {
	var answer *paxos.Error
	return !disowned(err) && errors.As(err, &answer) && (answer.Status == http.StatusForbidden ||
		answer.Status == http.StatusNotFound)
}

// definite reports whether Paxos refused what was asked and will refuse it again.
func definite(err error) bool {
	var answer *paxos.Error
	return errors.As(err, &answer) && answer.Status >= 400 && !answer.Temporary()
}

// mayTry reports whether a client may be tried for the revocation of a token. When a refused client may
// be tried again, the first caller claims the try and finds out for all. As long as only one token was
// refused, a further try with that token finds out nothing.
func (b *Broker) mayTry(client *paxos.Client, fingerprint string) (claimed *backoff, may bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	refused := b.dead[client.Credentials()]
	if refused == nil || refused.refusals == 0 && refused.first == fingerprint {
		return nil, true
	}
	if early(b.Now(), refused.until) {
		return nil, false
	}
	refused.wait(b.Now())
	return refused, true
}

// giveBack returns a try that was claimed and not made.
func (b *Broker) giveBack(claimed *backoff) {
	if claimed == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	claimed.refusals--
	claimed.until = time.Time{}
}

// learn notes whether Paxos accepts revocations of a client, after one of a token. When it does
// again, a sweep starts at once.
func (b *Broker) learn(client *paxos.Client, fingerprint string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := client.Credentials()
	refused := b.dead[key]
	if refused == nil && refusesAll(err) {
		refused = &backoff{first: fingerprint}
		b.dead[key] = refused
	}
	switch {
	case refusesAll(err) && !ambiguous(err) && refused.refusals == 0:
		refused.wait(b.Now())
	case err == nil && refused != nil:
		delete(b.dead, key)
		b.SweepSoon()
	}
}
