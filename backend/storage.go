package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/vault/sdk/logical"
)

// schema is the version of a stored entry where its type says nothing else. A new field that
// restricts what an entry allows raises the version of the entries that use it, so that code which
// does not know the field refuses the entry instead of ignoring the restriction.
const schema = 1

// errNotFound reports that nothing is stored under a key.
var errNotFound = errors.New("not found")

// unreadable says of an entry that is there that this version cannot read it.
type unreadable struct{ text string }

// Error says which, and why.
func (u *unreadable) Error() string { return u.text }

// stored is an entry that knows its schema, and the latest one that this code can read.
type stored interface {
	schemaOf() int
	latestSchema() int
}

// versioned is embedded in every stored type.
type versioned struct {
	Schema int `json:"schema"`
}

func (v versioned) schemaOf() int { return v.Schema }

// latestSchema is the last one of most types. A type with a later one has its own method.
func (v versioned) latestSchema() int { return schema }

// current is the versioned part of an entry that this code writes.
var current = versioned{schema}

// load decodes the entry at key. Absence is errNotFound, never a nil value, so no
// caller can forget the check. An entry of a later schema is refused.
func load[T stored](ctx context.Context, s logical.Storage, key string) (T, error) {
	var value T
	entry, err := s.Get(ctx, key)
	switch {
	case err != nil:
		return value, fmt.Errorf("reading %s: %w", key, err)
	case entry == nil:
		return value, fmt.Errorf("%s: %w", key, errNotFound)
	}
	if err := entry.DecodeJSON(&value); err != nil {
		// the decoder's error may quote it
		return value, &unreadable{fmt.Sprintf("decoding %s: the stored entry is damaged", key)}
	}
	if value.schemaOf() > value.latestSchema() {
		return value, &unreadable{fmt.Sprintf("%s was written by a later version of this plugin (schema %d, "+
			"this version knows %d): upgrade the plugin on this node",
			key, value.schemaOf(), value.latestSchema())}
	}
	return value, nil
}

// store encodes value at key.
func store[T stored](ctx context.Context, s logical.Storage, key string, value T) error {
	entry, err := logical.StorageEntryJSON(key, value)
	if err != nil {
		return fmt.Errorf("encoding %s: %w", key, err)
	}
	if err := s.Put(ctx, entry); err != nil {
		return fmt.Errorf("writing %s: %w", key, err)
	}
	return nil
}

// remove deletes the entry at key. Its absence is no error.
func remove(ctx context.Context, s logical.Storage, key string) error {
	if err := s.Delete(ctx, key); err != nil {
		return fmt.Errorf("deleting %s: %w", key, err)
	}
	return nil
}

// isUnreadable reports whether an entry is there and this version cannot read it.
func isUnreadable(err error) bool {
	var damaged *unreadable
	return errors.As(err, &damaged)
}

// each calls visit with every entry under a prefix, in order of the names. One that cannot be read
// must not block the others: damaged is called with it, nil to pass over it.
func each[T stored](ctx context.Context, s logical.Storage, prefix string, visit func(name string, value T) error,
	damaged func(name string) error) error {
	names, err := s.List(ctx, prefix)
	if err != nil {
		return fmt.Errorf("listing %s: %w", prefix, err)
	}
	slices.Sort(names)
	for _, name := range names {
		value, err := load[T](ctx, s, prefix+name)
		switch {
		case errors.Is(err, errNotFound): // deleted meanwhile
			err = nil
		case isUnreadable(err) && damaged != nil:
			err = damaged(name)
		case isUnreadable(err):
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
