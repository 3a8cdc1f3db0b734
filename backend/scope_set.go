package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/store"
)

// longestDescription is the longest description of a set, in bytes. Lists show it, so it must not
// be long.
const longestDescription = 512

// A scopeSet is a named list of scopes that roles can be written with.
type scopeSet struct {
	store.Versioned
	Description string   `json:"description"`
	Scopes      []string `json:"scopes"`
}

// change applies the parameters of a request and checks the whole set.
func (s *scopeSet) change(d *framework.FieldData) error {
	input.Patch(d, "description", &s.Description)
	input.Patch(d, "scopes", &s.Scopes)
	switch err := input.CheckScopes(s.Scopes); {
	case err != nil:
		return fault.Invalid(err)
	case len(s.Scopes) == 0:
		return fault.BadRequest("scopes must name at least one scope, such as funding:read_profile.")
	case len(s.Description) > longestDescription:
		return fault.BadRequest("description must have at most %d bytes.", longestDescription)
	}
	return nil
}

// same reports whether both sets have the same scopes, in any order.
func (s scopeSet) same(other scopeSet) bool {
	return slices.Equal(slices.Sorted(slices.Values(s.Scopes)), slices.Sorted(slices.Values(other.Scopes)))
}

// loadScopeSet finds a set by its name. A stored set comes first: if a later version of the engine
// has a built-in set of the same name, the roles of this mount still mean the stored one. source is
// the page that documents a built-in set, and empty for a stored one.
func loadScopeSet(ctx context.Context, s logical.Storage, name string) (set scopeSet, source string, err error) {
	if !input.ValidName(name) {
		return set, "", store.ErrNotFound
	}
	set, err = store.Load[scopeSet](ctx, s, scopeSetsPrefix+name)
	if builtIn, ok := catalog.LookupSet(name); ok && errors.Is(err, store.ErrNotFound) {
		return scopeSet{store.Current, builtIn.Description, builtIn.Scopes}, builtIn.Source, nil
	}
	return set, "", err
}

// setsIn returns a function that looks up the scopes of a set for a role.
func setsIn(ctx context.Context, s logical.Storage) func(name string) ([]string, error) {
	return func(name string) ([]string, error) {
		set, _, err := loadScopeSet(ctx, s, name)
		if errors.Is(err, store.ErrNotFound) {
			return nil, noSuchSet(ctx, s, name)
		}
		return set.Scopes, err
	}
}

// scopeSetNames lists the names of all sets, and of those that are stored (written).
func scopeSetNames(ctx context.Context, s logical.Storage) (all, written []string, err error) {
	written, err = s.List(ctx, scopeSetsPrefix)
	if err != nil {
		return nil, nil, fmt.Errorf("listing %s: %w", scopeSetsPrefix, err)
	}
	all = slices.Clone(written)
	for _, set := range catalog.Sets() {
		all = append(all, set.Name)
	}
	slices.Sort(all)
	return slices.Compact(all), written, nil
}

// noSuchSet refuses the name of a set that does not exist, and suggests names like it.
func noSuchSet(ctx context.Context, s logical.Storage, name string) error {
	names, _, err := scopeSetNames(ctx, s)
	if err != nil {
		return err
	}
	return fault.BadRequest("scope_sets names %s, which does not exist%s. List scope sets with "+
		"`vault list %sscope-sets`.", input.Excerpt(name), catalog.DidYouMean(catalog.Near(name, names)), mountMark)
}
