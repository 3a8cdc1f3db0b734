package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/vault/sdk/logical"
)

// schema is the version of a stored entry where its type says nothing else. A new field that
// restricts what an entry allows raises the version of the entries that use it. Code that does not
// know the field then refuses the entry instead of ignoring the restriction.
const schema = 1

// ErrNotFound reports that nothing is stored under a key.
var ErrNotFound = errors.New("not found")

// An Unreadable error reports an entry that exists and that this version cannot read: it is damaged,
// or a later version wrote it.
type Unreadable struct{ text string }

// Error names the entry and says why it cannot be read.
func (u *Unreadable) Error() string { return u.text }

// IsUnreadable reports whether err says that an entry exists and cannot be read.
func IsUnreadable(err error) bool {
	var damaged *Unreadable
	return errors.As(err, &damaged)
}

// Ignoring returns nil if err is target, and err otherwise.
func Ignoring(err, target error) error {
	if errors.Is(err, target) {
		return nil
	}
	return err
}

// An Entry knows the schema that it was stored with, and the latest one that this code can read.
type Entry interface {
	schemaOf() int
	LatestSchema() int
}

// Versioned is embedded in every stored type.
type Versioned struct {
	Schema int `json:"schema"`
}

func (v Versioned) schemaOf() int { return v.Schema }

// LatestSchema is the latest schema of most types. A type with a later one has its own method.
func (v Versioned) LatestSchema() int { return schema }

// Current is the Versioned part of an entry that this code writes.
var Current = Versioned{schema}

// Load decodes the entry at key. If there is none, the error is ErrNotFound, never a nil value, so
// that no caller can forget the check. An entry of a later schema is Unreadable.
func Load[T Entry](ctx context.Context, s logical.Storage, key string) (T, error) {
	var value T
	entry, err := s.Get(ctx, key)
	switch {
	case err != nil:
		return value, fmt.Errorf("reading %s: %w", key, err)
	case entry == nil:
		return value, fmt.Errorf("%s: %w", key, ErrNotFound)
	}
	if err := entry.DecodeJSON(&value); err != nil {
		// The decoder's error is left out: it may quote the entry, which may hold a secret.
		return value, &Unreadable{fmt.Sprintf("decoding %s: the stored entry is damaged", key)}
	}
	if value.schemaOf() > value.LatestSchema() {
		return value, &Unreadable{fmt.Sprintf("%s was written by a later version of this plugin (schema %d, "+
			"this version knows %d): upgrade the plugin on this node",
			key, value.schemaOf(), value.LatestSchema())}
	}
	return value, nil
}

// LoadOr is Load for an entry that has a default: absent makes the value where nothing is stored.
func LoadOr[T Entry](ctx context.Context, s logical.Storage, key string, absent func() T) (T, error) {
	value, err := Load[T](ctx, s, key)
	if errors.Is(err, ErrNotFound) {
		return absent(), nil
	}
	return value, err
}

// Put stores value at key.
func Put[T Entry](ctx context.Context, s logical.Storage, key string, value T) error {
	entry, err := logical.StorageEntryJSON(key, value)
	if err != nil {
		return fmt.Errorf("encoding %s: %w", key, err)
	}
	if err := s.Put(ctx, entry); err != nil {
		return fmt.Errorf("writing %s: %w", key, err)
	}
	return nil
}

// Delete deletes the entry at key. It is no error if there is none.
func Delete(ctx context.Context, s logical.Storage, key string) error {
	if err := s.Delete(ctx, key); err != nil {
		return fmt.Errorf("deleting %s: %w", key, err)
	}
	return nil
}

// Each calls visit with every entry under a prefix, in the order of their names. An entry that cannot
// be read does not keep visit from the others: damaged is called with its name. If damaged is nil, the
// entry is skipped.
func Each[T Entry](ctx context.Context, s logical.Storage, prefix string, visit func(name string, value T) error,
	damaged func(name string) error) error {
	names, err := s.List(ctx, prefix)
	if err != nil {
		return fmt.Errorf("listing %s: %w", prefix, err)
	}
	slices.Sort(names)
	for _, name := range names {
		value, err := Load[T](ctx, s, prefix+name)
		switch {
		case errors.Is(err, ErrNotFound): // deleted meanwhile
			err = nil
		case IsUnreadable(err) && damaged != nil:
			err = damaged(name)
		case IsUnreadable(err):
			err = nil
		case err == nil:
			err = visit(name, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
