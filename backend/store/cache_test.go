package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/store"
)

// slowStorage stops each Get after it has read, until the test lets it go on.
type slowStorage struct {
	logical.InmemStorage
	read, proceed chan struct{}
}

func (s *slowStorage) Get(ctx context.Context, key string) (*logical.StorageEntry, error) {
	entry, err := s.InmemStorage.Get(ctx, key)
	s.read <- struct{}{}
	<-s.proceed
	return entry, err
}

// TestWhatWasReadBeforeForgetIsNotCached has another writer store an entry while a Get of the old one
// is under way.
func TestWhatWasReadBeforeForgetIsNotCached(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		write  func(c *store.Cache[pet], s logical.Storage) error
		cached bool
	}{
		"nothing is written": {func(*store.Cache[pet], logical.Storage) error { return nil }, true},
		"another node writes": {func(c *store.Cache[pet], s logical.Storage) error {
			err := store.Put(context.Background(), s, "x", named("new"))
			c.Forget("x")
			return err
		}, false},
		"this node writes": {func(c *store.Cache[pet], s logical.Storage) error {
			return c.Put(context.Background(), s, "x", named("new"))
		}, false},
		"this node deletes": {func(c *store.Cache[pet], s logical.Storage) error {
			return c.Delete(context.Background(), s, "x")
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &slowStorage{read: make(chan struct{}), proceed: make(chan struct{})}
			var c store.Cache[pet]
			if err := store.Put(t.Context(), s, "x", named("old")); err != nil {
				t.Fatal(err)
			}
			got := make(chan pet)
			go func() {
				value, err := c.Get(t.Context(), s, "x")
				if err != nil {
					t.Error(err)
				}
				got <- value
			}()
			<-s.read
			err := test.write(&c, s)
			close(s.proceed)
			if value := <-got; err != nil || value.Name != "old" {
				t.Errorf("the slow Get has %v; the writer %v", value, err)
			}
			if value, ok := c.Recall("x"); ok != test.cached {
				t.Errorf("in memory is %v, %v", value, ok)
			}
		})
	}
}

func TestAHitReadsNoStorage(t *testing.T) {
	t.Parallel()
	s := &logical.InmemStorage{}
	var c store.Cache[pet]
	if err := c.Put(t.Context(), s, "x", named("x")); err != nil {
		t.Fatal(err)
	}
	if value, ok := c.Recall("x"); ok {
		t.Errorf("after a write, in memory is %v", value)
	}
	if _, err := c.Get(t.Context(), s, "x"); err != nil {
		t.Fatal(err)
	}
	s.FailGet(true)
	if value, err := c.Get(t.Context(), s, "x"); err != nil || value.Name != "x" {
		t.Errorf("a hit has %v, %v", value, err)
	}
	c.Forget("y")
	if value, ok := c.Recall("x"); !ok || value.Name != "x" {
		t.Errorf("when another entry is forgotten, in memory is %v, %v", value, ok)
	}
	c.Forget("x")
	if value, err := c.Get(t.Context(), s, "x"); err == nil {
		t.Errorf("after Forget, Get has %v without storage", value)
	}
}

// TestAWriteThatFailsForgets cannot know whether storage has taken the write, so memory must not say
// that it has not.
func TestAWriteThatFailsForgets(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(*store.Cache[pet], logical.Storage) error{
		"put": func(c *store.Cache[pet], s logical.Storage) error {
			return c.Put(context.Background(), s, "x", named("new"))
		},
		"delete": func(c *store.Cache[pet], s logical.Storage) error { return c.Delete(context.Background(), s, "x") },
	} {
		s := &logical.InmemStorage{}
		var c store.Cache[pet]
		if err := c.Put(t.Context(), s, "x", named("old")); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Get(t.Context(), s, "x"); err != nil {
			t.Fatal(err)
		}
		s.FailPut(true).FailDelete(true)
		if err := write(&c, s); err == nil {
			t.Errorf("%s: it has not failed", name)
		}
		if value, ok := c.Recall("x"); ok {
			t.Errorf("%s: in memory is %v", name, value)
		}
	}
}

func TestWhatACacheHoldsWhereNothingCanBeRead(t *testing.T) {
	t.Parallel()
	absent := func() pet { return named("default") }
	for name, test := range map[string]struct {
		cache  *store.Cache[pet]
		stored string // "" for nothing
		fail   bool
		want   string // "" for an error
	}{
		"nothing":                 {&store.Cache[pet]{}, "", false, ""},
		"nothing, with a default": {&store.Cache[pet]{Absent: absent}, "", false, "default"},
		"damaged, with a default": {&store.Cache[pet]{Absent: absent}, "{", false, ""},
		"damaged, replaceable":    {&store.Cache[pet]{Absent: absent, Replaceable: true}, "{", false, "default"},
		"of a later schema, replaceable": {&store.Cache[pet]{Absent: absent, Replaceable: true}, `{"schema":2}`,
			false, "default"},
		"no storage, replaceable":         {&store.Cache[pet]{Absent: absent, Replaceable: true}, "", true, ""},
		"damaged, replaceable by nothing": {&store.Cache[pet]{Replaceable: true}, "{", false, ""},
	} {
		s := &logical.InmemStorage{}
		if test.stored != "" {
			put(t, s, "x", test.stored)
		}
		s.FailGet(test.fail)
		got, err := test.cache.Get(t.Context(), s, "x")
		if (err == nil) != (test.want != "") || err == nil && got.Name != test.want {
			t.Errorf("%s: Get has %v, %v", name, got, err)
		}
		if _, ok := test.cache.Recall("x"); ok != (test.want != "") {
			t.Errorf("%s: it is in memory: %v", name, ok)
		}
		if test.stored == "" && !test.fail && test.want == "" && !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
}
