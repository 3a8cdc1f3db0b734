package store_test

import (
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/store"
)

// A pet is what these tests store.
type pet struct {
	store.Versioned
	Name string   `json:"name"`
	Legs int      `json:"legs"`
	Toys []string `json:"toys,omitempty"`
}

// named is a pet of this version.
func named(name string) pet { return pet{Versioned: store.Current, Name: name} }

// put stores text as it is.
func put(t *testing.T, s logical.Storage, key, text string) {
	t.Helper()
	if err := s.Put(t.Context(), &logical.StorageEntry{Key: key, Value: []byte(text)}); err != nil {
		t.Fatal(err)
	}
}
