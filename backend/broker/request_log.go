package broker

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A TokenRequest is the record of one token request, written before it is sent, so
// that the next process counts it, whatever became of it.
type TokenRequest struct {
	ID         string    `json:"-"`
	Endpoint   string    `json:"endpoint"` // in its canonical form
	Role       string    `json:"role"`     // or what else it was for
	Repeatable bool      `json:"repeatable,omitempty"`
	At         time.Time `json:"at"` // zero where the record cannot be read
}

// Join makes the mount known to the others of the process, before it has to be ready,
// and reads who they were in the process before.
func (b *Broker) Join(ctx context.Context) error {
	m := b.enlist()
	if !b.Limits.census.hasRead(m) {
		recorded, err := b.Ledger.Neighbors(ctx)
		switch {
		case errors.Is(err, ErrUnreadable):
			b.Logger.Error("the record of the other mounts of this process cannot be read: no token is "+
				"requested until it does not matter any more", "error", err)
			b.Limits.census.suspect(b.Now(), m)
		case err != nil:
			return err
		default:
			b.Limits.census.learn(b.Now(), m, recorded)
		}
	}
	return b.Limits.census.inform(ctx, b.Now(), false, m)
}

// Start is Join for a mount that is to serve from now on. A new mount has nothing to
// read, so that it holds nobody up.
func (b *Broker) Start(ctx context.Context) error {
	if err := b.Join(ctx); err != nil {
		return err
	}
	fingerprints, err := b.Ledger.List(ctx)
	if err != nil || len(fingerprints) > 0 {
		return err
	}
	return b.load(ctx)
}

// enlist makes the broker a member of its process once.
func (b *Broker) enlist() *member {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.member == nil {
		b.member = b.Limits.census.join(b.Now(), b.Mount, b.Ledger.PutNeighbors)
		if b.life.Err() != nil { // it is closed already, and nothing else would end the membership
			b.Limits.census.leave(b.Now(), b.member)
		}
	}
	return b.member
}

// retire ends the membership.
func (b *Broker) retire() {
	b.mu.Lock()
	m := b.member
	b.mu.Unlock()
	if m != nil {
		b.Limits.census.leave(b.Now(), m)
	}
}

// hasRead reports whether the member's record has been read since it began.
func (c *census) hasRead(m *member) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return m.read
}

// recallRequests counts what the mount has on record. Rows that cannot be read count
// as requests of unknown time. A row of a token that was requested a moment ago, while
// no request is on record for it, was written by a version that kept no such records:
// then nobody knows what else was sent.
func (b *Broker) recallRequests(ctx context.Context, rows []Row, unreadable []string) error {
	requests, err := b.Ledger.Requests(ctx)
	if err != nil {
		return err
	}
	now := b.Now()
	recorded := map[int64]bool{}
	sent := map[string]time.Time{}
	for _, r := range requests {
		recorded[r.At.UnixNano()] = true
		sent[r.ID] = r.At
		if r.At.IsZero() || r.At.After(now) {
			sent[r.ID] = now
		}
	}
	for _, row := range rows {
		if age := now.Sub(row.MintedAt); 0 <= age && age < Window+transit && !recorded[row.MintedAt.UnixNano()] {
			b.Limits.census.suspect(now, b.enlist())
			break
		}
	}
	for _, fingerprint := range unreadable {
		requests = append(requests, TokenRequest{ID: fingerprint})
	}
	b.Limits.recall(now, b.Mount, requests)
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, at := range sent {
		b.sent[id] = at
	}
	return nil
}

// punctual is how long after its time a request may be sent. What is sent later still
// is booked and recorded with the later time, or a window would hold too many.
const punctual = time.Second

// writeAhead records a token request that is about to be sent. If it cannot, nothing
// may be sent.
func (b *Broker) writeAhead(ctx context.Context, budget *Budget, request TokenRequest) (TokenRequest, error) {
	b.Limits.census.use(b.enlist(), request.Endpoint)
	if err := b.Limits.census.inform(ctx, b.Now(), false); err != nil {
		budget.cancel(request.ID)
		return request, err
	}
	for range 5 {
		b.mu.Lock()
		b.sent[request.ID] = request.At // before the write, which may happen although it fails
		b.mu.Unlock()
		if err := b.Ledger.PutRequest(ctx, request); err != nil {
			budget.cancel(request.ID)
			return request, fmt.Errorf("recording a token request before it is sent: %w", err)
		}
		now := b.Now()
		if now.Sub(request.At) <= punctual {
			return request, nil
		}
		request.At = now
		budget.move(request.ID, now)
	}
	budget.cancel(request.ID)
	return request, &Throttled{
		Reason:     "Vault's storage takes more than a second to record a token request, so none was sent to Paxos",
		RetryAfter: firstRetry,
	}
}

// forgetRequests drops the records of requests that no window reaches any more, and
// brings the record of the other mounts up to date.
func (b *Broker) forgetRequests(ctx context.Context) error {
	now := b.Now()
	var old []string
	b.mu.Lock()
	for id, at := range b.sent {
		if at.After(now.Add(longestWait)) { // the clock was set back
			b.sent[id] = now
		} else if now.Sub(at) >= Window+transit {
			old = append(old, id)
		}
	}
	b.mu.Unlock()
	for _, id := range old {
		if err := b.Ledger.DeleteRequest(ctx, id); err != nil {
			return fmt.Errorf("forgetting a token request: %w", err)
		}
		b.mu.Lock()
		delete(b.sent, id)
		b.mu.Unlock()
	}
	return b.Limits.census.inform(ctx, now, true, b.enlist())
}
