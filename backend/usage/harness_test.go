package usage_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/usage"
)

// start is when the first use of a test is.
var start = time.Unix(1_800_000_000, 0)

// faultyStorage refuses to write entries whose keys begin with one of these.
type faultyStorage struct {
	logical.InmemStorage
	refused []string
}

var errRefused = errors.New("refused")

func (s *faultyStorage) refuses(key string) bool {
	return slices.ContainsFunc(s.refused, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}

func (s *faultyStorage) Put(ctx context.Context, entry *logical.StorageEntry) error {
	if s.refuses(entry.Key) {
		return errRefused
	}
	return s.InmemStorage.Put(ctx, entry)
}

func (s *faultyStorage) Delete(ctx context.Context, key string) error {
	if s.refuses(key) {
		return errRefused
	}
	return s.InmemStorage.Delete(ctx, key)
}

// flush stores what is overdue.
func flush(t *testing.T, u *usage.Memory, s logical.Storage) {
	t.Helper()
	if err := u.Flush(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

// load reads what is stored.
func load(t *testing.T, u *usage.Memory, s logical.Storage) {
	t.Helper()
	if err := u.Load(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

// stored is when a subject last issued, as another process reads it from storage.
func stored(t *testing.T, s logical.Storage, subject usage.Subject) time.Time {
	t.Helper()
	var u usage.Memory
	load(t, &u, s)
	return u.Last(subject)
}
