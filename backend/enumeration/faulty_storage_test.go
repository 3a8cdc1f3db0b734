package enumeration

import (
	"context"
	"errors"
	"path"
	"strings"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
)

// A faultyStorage is the storage as one plugin process sees it. Its errors are text, as gRPC makes
// them.
type faultyStorage struct {
	storage  logical.Storage
	process  *process
	injector *injector
}

// List is part of logical.Storage.
func (s *faultyStorage) List(ctx context.Context, prefix string) (keys []string, err error) {
	err = s.do(ctx, s.step("list", prefix, false), func() error {
		keys, err = s.storage.List(ctx, prefix)
		return err
	})
	return keys, err
}

// Get is part of logical.Storage.
func (s *faultyStorage) Get(ctx context.Context, key string) (entry *logical.StorageEntry, err error) {
	err = s.do(ctx, s.step("get", key, false), func() error {
		entry, err = s.storage.Get(ctx, key)
		return err
	})
	if err != nil {
		return nil, err
	}
	return entry, nil
}

// Put is part of logical.Storage.
func (s *faultyStorage) Put(ctx context.Context, entry *logical.StorageEntry) error {
	return s.do(ctx, s.step("put", entry.Key, true), func() error { return s.storage.Put(ctx, entry) })
}

// Delete is part of logical.Storage.
func (s *faultyStorage) Delete(ctx context.Context, key string) error {
	return s.do(ctx, s.step("delete", key, true), func() error { return s.storage.Delete(ctx, key) })
}

// step names an operation in the same way in every run: the random part of a key is left out.
func (s *faultyStorage) step(verb, key string, writes bool) step {
	if base := path.Base(key); len(base) >= 32 {
		key = strings.TrimSuffix(key, base) + "*"
	}
	return step{inStorage, verb + " " + key, writes}
}

// do lets an operation have its effect, or go wrong.
func (s *faultyStorage) do(ctx context.Context, next step, effect func() error) error {
	switch {
	case s.process.crashed():
		<-s.process.testOver
		return backendtest.ErrStorage
	case ctx.Err() != nil:
		return errCanceled
	}
	switch s.injector.next(next) {
	case fails, staysDown, allStayDown:
		return backendtest.ErrStorage
	case failsAfter:
		_ = effect()
		return backendtest.ErrStorage
	case readOnly:
		return errors.New(logical.ErrReadOnly.Error())
	case hangs:
		return s.injector.hang(ctx)
	case hangsAfter:
		_ = effect()
		return s.injector.hang(ctx)
	case crashes:
		s.process.crash(s.injector)
		return backendtest.ErrStorage
	case crashesAfter:
		_ = effect()
		s.process.crash(s.injector)
		return backendtest.ErrStorage
	case cancels:
		defer s.injector.leave()
	case overtaken:
		s.injector.overtake()
	}
	return effect()
}
