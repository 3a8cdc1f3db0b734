package limits

import (
	"context"
	"fmt"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// Recall counts the token requests that the mount has on record. The caller says when the tokens
// that it knows were requested, and names what else may have been a request at an unknown time.
// A token that was requested a moment ago, while no request is on record for it, was requested by a
// version that kept no such records: then nobody knows what else was sent.
func (m *Mount) Recall(ctx context.Context, minted []time.Time, undated []string) error {
	requests, err := m.Records.Requests(ctx)
	if err != nil {
		return err
	}
	now := m.Now()
	recorded := map[int64]bool{}
	sent := map[string]time.Time{}
	for _, r := range requests {
		recorded[r.At.UnixNano()] = true
		sent[r.ID] = r.At
		if r.At.IsZero() || r.At.After(now) {
			sent[r.ID] = now
		}
	}
	for _, at := range minted {
		if age := now.Sub(at); 0 <= age && age < reach && !recorded[at.UnixNano()] {
			m.limits.census.suspect(now, m.enlist())
			break
		}
	}
	for _, id := range undated {
		requests = append(requests, TokenRequest{ID: id})
	}
	m.limits.recall(now, m.Name, requests)
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, at := range sent {
		m.sent[id] = at
	}
	return nil
}

// Book finds room in the budget for a token request, waits until it may be sent, and writes it down.
func (m *Mount) Book(ctx context.Context, tokenURL string, charge Charge) (TokenRequest, error) {
	charge.Mount = m.Name
	budget := m.limits.Budget(tokenURL)
	now := m.Now()
	request, err := budget.Reserve(now, charge)
	if err != nil {
		return request, err
	}
	request.Endpoint = paxos.CanonicalURL(tokenURL)
	if request.At.After(now) {
		if err := m.Wait(ctx, request.At.Sub(now)); err != nil {
			budget.cancel(request.ID)
			return request, err
		}
	}
	return m.writeAhead(ctx, budget, request)
}

// punctual is how long after its time a request may be sent. A request that is later still is booked
// and recorded with the later time, or a window would hold too many.
const punctual = time.Second

// storageRetry is when to try again after storage was too slow.
const storageRetry = 5 * time.Second

// writeAhead records a token request that is about to be sent. If it cannot, nothing may be sent.
func (m *Mount) writeAhead(ctx context.Context, budget *Budget, request TokenRequest) (TokenRequest, error) {
	m.limits.census.use(m.enlist(), request.Endpoint)
	if err := m.limits.census.inform(ctx, m.Now(), false); err != nil {
		budget.cancel(request.ID)
		return request, err
	}
	for range 5 {
		m.noteSent(request) // before the write, which may happen although it fails
		if err := m.Records.PutRequest(ctx, request); err != nil {
			budget.cancel(request.ID)
			return request, fmt.Errorf("recording a token request before it is sent: %w", err)
		}
		now := m.Now()
		if now.Sub(request.At) <= punctual {
			return request, nil
		}
		request.At = now
		budget.move(request.ID, now)
	}
	budget.cancel(request.ID)
	return request, &Throttled{
		Reason:     "Vault's storage takes more than a second to record a token request, so none was sent to Paxos",
		RetryAfter: storageRetry,
	}
}

// noteSent remembers that a request is on record.
func (m *Mount) noteSent(request TokenRequest) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent[request.ID] = request.At
}

// ForgetRequests deletes the records of requests that do not count any more, and brings the records
// of the other mounts up to date.
func (m *Mount) ForgetRequests(ctx context.Context) error {
	now := m.Now()
	var old []string
	m.mu.Lock()
	for id, at := range m.sent {
		if at.After(now.Add(longestWait)) { // the clock was set back
			m.sent[id] = now
		} else if now.Sub(at) >= reach {
			old = append(old, id)
		}
	}
	m.mu.Unlock()
	for _, id := range old {
		if err := m.Records.DeleteRequest(ctx, id); err != nil {
			return fmt.Errorf("forgetting a token request: %w", err)
		}
		m.mu.Lock()
		delete(m.sent, id)
		m.mu.Unlock()
	}
	return m.limits.census.inform(ctx, now, true, m.enlist())
}
