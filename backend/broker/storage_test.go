package broker_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/limits"
)

// errStorage is what a storage that is down says.
var errStorage = errors.New("storage is down")

// A storage is a ledger in memory that several brokers use, one after another. It counts what they
// do, and fails when told to.
type storage struct {
	mu       sync.Mutex
	rows     map[string]broker.Row
	bans     map[string]limits.Ban
	requests map[string]limits.TokenRequest
	others   limits.Neighborhood
	damaged  map[string]bool // rows and requests that cannot be read
	logged   int             // token requests ever written down
	failLog  error
	onLog    func() // called by PutRequest before anything else
	loads    int
	gets     int
	puts     int
	deletes  int
	failLoad error
	failPut  error
	failDel  error
	effect   bool          // a failing Put has done its work although it fails
	onLoad   func()        // called by List after it has read
	onPut    func()        // called by Put before anything else
	texts    []string      // of all tokens ever put
	deleted  chan struct{} // gets one for each Delete that succeeded
}

// newStorage returns an empty storage with room for many deletions that no test waits for.
func newStorage() *storage {
	return &storage{rows: map[string]broker.Row{}, bans: map[string]limits.Ban{},
		requests: map[string]limits.TokenRequest{}, damaged: map[string]bool{}, deleted: make(chan struct{}, 10_000)}
}

// List is part of broker.Ledger.
func (s *storage) List(ctx context.Context) ([]string, error) {
	s.mu.Lock()
	s.loads++
	fingerprints, err, hook := slices.Collect(maps.Keys(s.rows)), s.failLoad, s.onLoad
	s.mu.Unlock()
	if hook != nil {
		hook()
	}
	if err != nil {
		return nil, err
	}
	return fingerprints, ctx.Err()
}

// Get is part of broker.Ledger.
func (s *storage) Get(ctx context.Context, fingerprint string) (broker.Row, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gets++
	if s.damaged[fingerprint] {
		return broker.Row{}, false, limits.ErrUnreadable
	}
	row, found := s.rows[fingerprint]
	return row, found, ctx.Err()
}

// Requests is part of broker.Ledger.
func (s *storage) Requests(ctx context.Context) ([]limits.TokenRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var requests []limits.TokenRequest
	for id, r := range s.requests {
		if s.damaged[id] {
			r = limits.TokenRequest{}
		}
		r.ID = id
		requests = append(requests, r)
	}
	return requests, errors.Join(s.failLoad, ctx.Err())
}

// PutRequest is part of broker.Ledger.
func (s *storage) PutRequest(ctx context.Context, request limits.TokenRequest) error {
	s.mu.Lock()
	hook := s.onLog
	s.mu.Unlock()
	if hook != nil {
		hook()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failLog == nil {
		s.logged++
		s.requests[request.ID] = request
	}
	return errors.Join(s.failLog, ctx.Err())
}

// DeleteRequest is part of broker.Ledger.
func (s *storage) DeleteRequest(ctx context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.requests, id)
	return ctx.Err()
}

// Neighbors is part of broker.Ledger.
func (s *storage) Neighbors(ctx context.Context) (limits.Neighborhood, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.others, ctx.Err()
}

// PutNeighbors is part of broker.Ledger.
func (s *storage) PutNeighbors(ctx context.Context, all limits.Neighborhood) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failLog == nil {
		s.others = all
	}
	return errors.Join(s.failLog, ctx.Err())
}

// Bans is part of broker.Ledger.
func (s *storage) Bans(ctx context.Context) ([]limits.Ban, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.bans)), ctx.Err()
}

// PutBan is part of broker.Ledger.
func (s *storage) PutBan(ctx context.Context, ban limits.Ban) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failPut == nil {
		s.bans[ban.Route] = ban
	}
	return errors.Join(s.failPut, ctx.Err())
}

// DeleteBan is part of broker.Ledger.
func (s *storage) DeleteBan(ctx context.Context, way string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.bans, way)
	return ctx.Err()
}

// Put is part of broker.Ledger.
func (s *storage) Put(ctx context.Context, row broker.Row) error {
	s.mu.Lock()
	hook := s.onPut
	s.mu.Unlock()
	if hook != nil {
		hook()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.puts++
	s.texts = append(s.texts, row.Token)
	if s.failPut == nil || s.effect {
		s.rows[row.Fingerprint] = row
	}
	return errors.Join(s.failPut, ctx.Err())
}

// Delete is part of broker.Ledger.
func (s *storage) Delete(ctx context.Context, fingerprint string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end(ctx, func() { delete(s.rows, fingerprint) })
}

// end does what ends a record, unless deleting fails. mu is held.
func (s *storage) end(ctx context.Context, effect func()) error {
	s.deletes++
	if s.failDel != nil {
		return s.failDel
	}
	effect()
	s.deleted <- struct{}{}
	return ctx.Err()
}

// set changes how the storage behaves from now on.
func (s *storage) set(change func(*storage)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// operations is how many times the storage was asked for anything.
func (s *storage) operations() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loads + s.gets + s.puts + s.deletes
}

// row returns what is on record of a token.
func (s *storage) row(fingerprint string) (broker.Row, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row, ok := s.rows[fingerprint]
	return row, ok
}

// size is how many tokens are on record.
func (s *storage) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.rows)
}

// queued is how many of them are to be ended.
func (s *storage) queued() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, row := range s.rows {
		if !row.EndingSince.IsZero() {
			n++
		}
	}
	return n
}
