package broker

import "context"

// An underway request is a token request from before permission is asked until its token is on
// record. Until it is known which client makes it, it may be any.
type underway struct {
	clientID   string // empty while it is not known
	generation int
}

// begin notes that a token request is under way. It comes before any code reads which client makes
// the request, so that code that forgets a client afterwards finds the request.
func (b *Broker) begin() *underway {
	u := &underway{}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests[u] = true
	return u
}

// Hold keeps every client from being forgotten until done is called. It comes before the client is
// read that VerifySecret, Probe or Manage is to be called with.
func (b *Broker) Hold() (done func()) {
	u := b.begin()
	return func() { b.finish(u) }
}

// asks notes which client the request is made with.
func (b *Broker) asks(u *underway, minter Minter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	u.clientID, u.generation = minter.Client.ID(), minter.Generation
}

// finish notes that the request has ended. If it got a token, that token is known by now.
func (b *Broker) finish(u *underway) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.requests, u)
}

// A Need is which clients are needed by live tokens and by token requests under way: only the
// client that requested a token can revoke it.
type Need struct{ uses []underway }

// Need tells what is needed at this moment. A caller that is about to forget a client must first
// make sure that no new request can begin with it.
func (b *Broker) Need(ctx context.Context) (Need, error) {
	if err := b.load(ctx); err != nil {
		return Need{}, err
	}
	now := b.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	var need Need
	for _, t := range b.tokens {
		if !t.expired(now) {
			need.uses = append(need.uses, underway{t.ClientID, t.Generation})
		}
	}
	for u := range b.requests {
		need.uses = append(need.uses, *u)
	}
	return need, nil
}

// OfClient reports whether any generation of the Client ID is needed.
func (n Need) OfClient(clientID string) bool {
	return n.has(func(u underway) bool { return u.clientID == clientID })
}

// OfGeneration reports whether that generation of the Client ID is needed.
func (n Need) OfGeneration(clientID string, generation int) bool {
	return n.has(func(u underway) bool { return u.clientID == clientID && u.generation == generation })
}

// Count is how many tokens and requests under way there are.
func (n Need) Count() int { return len(n.uses) }

// has reports whether a use matches, or may match.
func (n Need) has(match func(underway) bool) bool {
	for _, u := range n.uses {
		if u.clientID == "" || match(u) {
			return true
		}
	}
	return false
}
