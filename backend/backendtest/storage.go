package backendtest

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/hashicorp/vault/sdk/logical"
)

// ErrStorage is the error of a storage that fails.
var ErrStorage = errors.New("storage is down")

// Storage is the storage of a mount. It counts operations, and fails those that it is told to fail.
type Storage struct {
	logical.Storage
	Operations atomic.Int64
	Writes     atomic.Int64
	FailReads  atomic.Bool
	FailWrites atomic.Bool
	LoseWrites atomic.Bool // writes happen, and are reported as failed
	ReadOnly   atomic.Bool
	FailKey    atomic.Value // of string: writes of this key fail
	held       atomic.Pointer[heldOperation]
	heldRead   atomic.Pointer[heldOperation]
}

// A heldOperation is a write that waits before it has its effect, or a read that waits after it has
// read.
type heldOperation struct {
	key              string
	arrived, proceed chan struct{}
}

// Hold makes the next write of the key wait. The first channel is closed when the write has arrived.
// Closing the second one lets it go on.
func (s *Storage) Hold(key string) (arrived, proceed chan struct{}) {
	h := &heldOperation{key, make(chan struct{}), make(chan struct{})}
	s.held.Store(h)
	return h.arrived, h.proceed
}

// HoldRead is Hold for the next read of the key. What it reads is what the key has before it waits.
func (s *Storage) HoldRead(key string) (arrived, proceed chan struct{}) {
	h := &heldOperation{key, make(chan struct{}), make(chan struct{})}
	s.heldRead.Store(h)
	return h.arrived, h.proceed
}

// Get is part of logical.Storage.
func (s *Storage) Get(ctx context.Context, key string) (*logical.StorageEntry, error) {
	s.Operations.Add(1)
	if s.FailReads.Load() {
		return nil, ErrStorage
	}
	entry, err := s.Storage.Get(ctx, key)
	if h := s.heldRead.Load(); h != nil && h.key == key && s.heldRead.CompareAndSwap(h, nil) {
		close(h.arrived)
		<-h.proceed
	}
	return entry, err
}

// List is part of logical.Storage.
func (s *Storage) List(ctx context.Context, prefix string) ([]string, error) {
	s.Operations.Add(1)
	if s.FailReads.Load() {
		return nil, ErrStorage
	}
	return s.Storage.List(ctx, prefix)
}

// Put is part of logical.Storage.
func (s *Storage) Put(ctx context.Context, entry *logical.StorageEntry) error {
	if h := s.held.Load(); h != nil && h.key == entry.Key && s.held.CompareAndSwap(h, nil) {
		close(h.arrived)
		<-h.proceed
	}
	if err := s.count(); err != nil {
		return err
	}
	if key, _ := s.FailKey.Load().(string); key == entry.Key && key != "" {
		return ErrStorage
	}
	err := s.Storage.Put(ctx, entry)
	if s.LoseWrites.Load() {
		return ErrStorage
	}
	return err
}

// Delete is part of logical.Storage.
func (s *Storage) Delete(ctx context.Context, key string) error {
	if err := s.count(); err != nil {
		return err
	}
	return s.Storage.Delete(ctx, key)
}

// count takes note of a write, and says how it fails.
func (s *Storage) count() error {
	s.Operations.Add(1)
	s.Writes.Add(1)
	switch {
	case s.ReadOnly.Load():
		return logical.ErrReadOnly
	case s.FailWrites.Load():
		return ErrStorage
	}
	return nil
}
