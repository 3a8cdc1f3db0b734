package store_test

import (
	"testing"

	"vault-plugin-secrets-paxos/backend/store"
)

func TestConflict(t *testing.T) {
	t.Parallel()
	old := pet{store.Current, "old", 4, []string{"ball"}}
	for name, test := range map[string]struct {
		now, planned pet
		want         string
	}{
		"neither changed":               {old, old, ""},
		"only the other writer changed": {pet{store.Current, "new", 3, nil}, old, ""},
		"only this writer changed":      {old, pet{store.Current, "new", 3, nil}, ""},
		"each changed a field of its own": {pet{store.Current, "new", 4, old.Toys},
			pet{store.Current, "old", 3, old.Toys}, ""},
		"both changed it alike": {pet{store.Current, "new", 4, old.Toys},
			pet{store.Current, "new", 4, old.Toys}, ""},
		"both changed the name": {pet{store.Current, "new", 4, old.Toys},
			pet{store.Current, "newer", 4, old.Toys}, "name"},
		"both changed a list": {pet{store.Current, "old", 4, nil},
			pet{store.Current, "old", 4, []string{"rope"}}, "toys"},
		"both changed two fields": {pet{store.Current, "new", 3, old.Toys},
			pet{store.Current, "newer", 2, old.Toys}, "name"},
		"both changed what is embedded": {pet{store.Versioned{Schema: 2}, "old", 4, old.Toys},
			pet{store.Versioned{Schema: 3}, "old", 4, old.Toys}, ""},
	} {
		if got := store.Conflict(old, test.now, test.planned); got != test.want {
			t.Errorf("%s: the conflict is %q, want %q", name, got, test.want)
		}
	}
}
