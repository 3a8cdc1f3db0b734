package enumeration

import (
	"context"
	"errors"
	"path"
	"strings"
	"vault-plugin-secrets-paxos/backend/backendtest"

	"github.com/hashicorp/vault/sdk/logical"
)

// A view is the storage as one plugin process sees it. Its errors are text, as gRPC
// makes them.
type faultyStorage struct {
	storage  logical.Storage
	process  *process
	injector *injector
}

// List is part of logical.Storage.
func (v *faultyStorage) List(ctx context.Context, prefix string) (keys []string, err error) {
	err = v.do(ctx, v.step("list", prefix, false), func() error {
		keys, err = v.storage.List(ctx, prefix)
		return err
	})
	return keys, err
}

// Get is part of logical.Storage.
func (v *faultyStorage) Get(ctx context.Context, key string) (entry *logical.StorageEntry, err error) {
	err = v.do(ctx, v.step("get", key, false), func() error {
		entry, err = v.storage.Get(ctx, key)
		return err
	})
	if err != nil {
		return nil, err
	}
	return entry, nil
}

// Put is part of logical.Storage.
func (v *faultyStorage) Put(ctx context.Context, entry *logical.StorageEntry) error {
	return v.do(ctx, v.step("put", entry.Key, true), func() error { return v.storage.Put(ctx, entry) })
}

// Delete is part of logical.Storage.
func (v *faultyStorage) Delete(ctx context.Context, key string) error {
	return v.do(ctx, v.step("delete", key, true), func() error { return v.storage.Delete(ctx, key) })
}

// step names an operation the same way in every run: what is random in its key is
// left out.
func (v *faultyStorage) step(verb, key string, writes bool) step {
	if base := path.Base(key); len(base) >= 32 {
		key = strings.TrimSuffix(key, base) + "*"
	}
	return step{inStorage, verb + " " + key, writes}
}

// do lets an operation have its effect, or go wrong.
func (v *faultyStorage) do(ctx context.Context, s step, effect func() error) error {
	switch {
	case v.process.crashed():
		<-v.process.testOver
		return backendtest.ErrStorage
	case ctx.Err() != nil:
		return errCanceled
	}
	switch v.injector.next(s) {
	case fails, staysDown, allStayDown:
		return backendtest.ErrStorage
	case failsAfter:
		_ = effect()
		return backendtest.ErrStorage
	case readOnly:
		return errors.New(logical.ErrReadOnly.Error())
	case hangs:
		return v.injector.hang(ctx)
	case hangsAfter:
		_ = effect()
		return v.injector.hang(ctx)
	case crashes:
		v.process.crash(v.injector)
		return backendtest.ErrStorage
	case crashesAfter:
		_ = effect()
		v.process.crash(v.injector)
		return backendtest.ErrStorage
	case cancels:
		defer v.injector.leave()
	case overtaken:
		v.injector.overtake()
	}
	return effect()
}
