package backend_test

import (
	"context"
	"errors"
	"path"
	"strings"

	"github.com/hashicorp/vault/sdk/logical"
)

// A view is the storage as one plugin process sees it. Its errors are text, as gRPC
// makes them.
type view struct {
	storage logical.Storage
	life    *life
	tap     *tap
}

// List is part of logical.Storage.
func (v *view) List(ctx context.Context, prefix string) (keys []string, err error) {
	err = v.do(ctx, v.step("list", prefix, false), func() error {
		keys, err = v.storage.List(ctx, prefix)
		return err
	})
	return keys, err
}

// Get is part of logical.Storage.
func (v *view) Get(ctx context.Context, key string) (entry *logical.StorageEntry, err error) {
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
func (v *view) Put(ctx context.Context, entry *logical.StorageEntry) error {
	return v.do(ctx, v.step("put", entry.Key, true), func() error { return v.storage.Put(ctx, entry) })
}

// Delete is part of logical.Storage.
func (v *view) Delete(ctx context.Context, key string) error {
	return v.do(ctx, v.step("delete", key, true), func() error { return v.storage.Delete(ctx, key) })
}

// step names an operation the same way in every run: what is random in its key is
// left out.
func (v *view) step(verb, key string, writes bool) step {
	if base := path.Base(key); len(base) >= 32 {
		key = strings.TrimSuffix(key, base) + "*"
	}
	return step{inStorage, verb + " " + key, writes}
}

// do lets an operation have its effect, or go wrong.
func (v *view) do(ctx context.Context, s step, effect func() error) error {
	switch {
	case v.life.ended():
		<-v.life.thaw
		return errStorage
	case ctx.Err() != nil:
		return errLeft
	}
	switch v.tap.next(s) {
	case fails, breaks, severs:
		return errStorage
	case failsAfter:
		_ = effect()
		return errStorage
	case readOnly:
		return errors.New(logical.ErrReadOnly.Error())
	case hangs:
		return v.tap.hang(ctx)
	case hangsAfter:
		_ = effect()
		return v.tap.hang(ctx)
	case crashes:
		v.life.end(v.tap)
		return errStorage
	case crashesAfter:
		_ = effect()
		v.life.end(v.tap)
		return errStorage
	case cancels:
		defer v.tap.leave()
	case overtaken:
		v.tap.overtake()
	}
	return effect()
}
