package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/store"
)

// canary is a secret of a damaged entry.
const canary = "canary-secret"

func TestLoad(t *testing.T) {
	t.Parallel()
	const later = "upgrade the plugin on this node"
	for name, test := range map[string]struct {
		stored     string // "" for nothing
		unreadable bool
		says       string // of the error, "" for none
	}{
		"nothing":               {"", false, "pets/x: not found"},
		"an entry":              {`{"schema":1,"name":"x"}`, false, ""},
		"an entry of old":       {`{"name":"x"}`, false, ""},
		"a later schema":        {`{"schema":2,"name":"` + canary + `"}`, true, later},
		"a much later schema":   {`{"schema":999,"name":"` + canary + `"}`, true, "schema 999, this version knows 1"},
		"no JSON":               {canary, true, "the stored entry is damaged"},
		"half an entry":         {`{"schema":1,"name":"` + canary, true, "the stored entry is damaged"},
		"another type":          {`{"schema":1,"legs":"` + canary + `"}`, true, "the stored entry is damaged"},
		"another type's schema": {`{"schema":"` + canary + `"}`, true, "the stored entry is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &logical.InmemStorage{}
			if test.stored != "" {
				put(t, s, "pets/x", test.stored)
			}
			got, err := store.Load[pet](t.Context(), s, "pets/x")
			switch {
			case test.says == "" && (err != nil || got.Name != "x"):
				t.Errorf("loaded is %v, %v", got, err)
			case test.says == "":
			case err == nil || !strings.Contains(err.Error(), "pets/x") || !strings.Contains(err.Error(), test.says):
				t.Errorf("the error is %v, want one that names the key and says %q", err, test.says)
			case strings.Contains(err.Error(), canary):
				t.Errorf("the error repeats the entry: %v", err)
			}
			wrapped := fmt.Errorf("reading it: %w", err)
			if store.IsUnreadable(wrapped) != test.unreadable ||
				errors.Is(wrapped, store.ErrNotFound) != (test.stored == "") {
				t.Errorf("the error %v is of another kind", err)
			}
		})
	}
}

// A taller pet has a field that restricts, and so a later schema.
type taller struct {
	store.Versioned
	Height int `json:"height"`
}

func (taller) LatestSchema() int { return 2 }

func TestATypeMayHaveALaterSchema(t *testing.T) {
	t.Parallel()
	s := &logical.InmemStorage{}
	for schema, readable := range map[int]bool{0: true, 1: true, 2: true, 3: false} {
		put(t, s, "pets/x", fmt.Sprintf(`{"schema":%d,"height":5}`, schema))
		if got, err := store.Load[taller](t.Context(), s, "pets/x"); (err == nil && got.Height == 5) != readable {
			t.Errorf("schema %d: loaded is %v, %v", schema, got, err)
		}
	}
}

func TestLoadOrTakesTheDefaultOnlyWhereNothingIsStored(t *testing.T) {
	t.Parallel()
	s := &logical.InmemStorage{}
	put(t, s, "damaged", "{")
	if err := store.Put(t.Context(), s, "stored", named("stored")); err != nil {
		t.Fatal(err)
	}
	absent := func() pet { return named("default") }
	for key, want := range map[string]string{"stored": "stored", "nothing": "default", "damaged": ""} {
		if got, err := store.LoadOr(t.Context(), s, key, absent); got.Name != want || (err == nil) != (want != "") {
			t.Errorf("%s: loaded is %v, %v", key, got, err)
		}
	}
	s.FailGet(true)
	if got, err := store.LoadOr(t.Context(), s, "nothing", absent); err == nil {
		t.Errorf("with a storage that fails, loaded is %v", got)
	}
}

func TestErrorsOfStorageNameTheKey(t *testing.T) {
	t.Parallel()
	s := &logical.InmemStorage{}
	s.FailGet(true).FailPut(true).FailDelete(true).FailList(true)
	_, loading := store.Load[pet](t.Context(), s, "pets/x")
	visit := func(string, pet) error { return nil }
	for says, err := range map[string]error{
		"reading pets/x: ":  loading,
		"writing pets/x: ":  store.Put(t.Context(), s, "pets/x", named("x")),
		"deleting pets/x: ": store.Delete(t.Context(), s, "pets/x"),
		"listing pets/: ":   store.Each(t.Context(), s, "pets/", visit, nil),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), says) || store.IsUnreadable(err) ||
			errors.Is(err, store.ErrNotFound) {
			t.Errorf("the error is %v, want %q", err, says)
		}
	}
}

func TestIgnoring(t *testing.T) {
	t.Parallel()
	other := errors.New("other")
	for _, err := range []error{nil, store.ErrNotFound, fmt.Errorf("x: %w", store.ErrNotFound)} {
		if got := store.Ignoring(err, store.ErrNotFound); got != nil {
			t.Errorf("%v is not ignored", err)
		}
	}
	if got := store.Ignoring(other, store.ErrNotFound); !errors.Is(got, other) {
		t.Errorf("of another error is left %v", got)
	}
}

func TestEachVisitsWhatCanBeRead(t *testing.T) {
	t.Parallel()
	stop := errors.New("stop")
	for name, test := range map[string]struct {
		damaged func(visited *[]string) func(string) error
		err     error // of a visit of "c"
		want    string
		stops   bool
	}{
		"damaged entries are skipped": {nil, nil, "[a c d]", false},
		"damaged entries are told": {func(visited *[]string) func(string) error {
			return func(name string) error { *visited = append(*visited, "damaged "+name); return nil }
		}, nil, "[a damaged b c d damaged e]", false},
		"a damaged entry ends it": {func(*[]string) func(string) error {
			return func(string) error { return stop }
		}, nil, "[a]", true},
		"a visit ends it": {nil, stop, "[a c]", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &logical.InmemStorage{}
			for _, name := range []string{"d", "a", "c"} {
				if err := store.Put(t.Context(), s, "pets/"+name, named(name)); err != nil {
					t.Fatal(err)
				}
			}
			put(t, s, "pets/b", "{")
			put(t, s, "pets/e", `{"schema":2}`)
			put(t, s, "petshop", "{") // of no such prefix
			visited := []string{}
			var damaged func(string) error
			if test.damaged != nil {
				damaged = test.damaged(&visited)
			}
			err := store.Each(t.Context(), s, "pets/", func(name string, p pet) error {
				visited = append(visited, name)
				if p.Name != name {
					t.Errorf("%s is %v", name, p)
				}
				if name == "c" {
					return test.err
				}
				return nil
			}, damaged)
			if errors.Is(err, stop) != test.stops || err != nil && !test.stops {
				t.Errorf("the error is %v", err)
			}
			if got := fmt.Sprint(visited); got != test.want {
				t.Errorf("visited are %s, want %s", got, test.want)
			}
		})
	}
}

// TestEachSkipsWhatIsDeletedMeanwhile deletes the second entry when the first is visited, and lets
// storage fail at the third.
func TestEachSkipsWhatIsDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	s := &logical.InmemStorage{}
	for _, name := range []string{"a", "b", "c", "d"} {
		if err := store.Put(t.Context(), s, "pets/"+name, named(name)); err != nil {
			t.Fatal(err)
		}
	}
	var visited []string
	err := store.Each(t.Context(), s, "pets/", func(name string, _ pet) error {
		visited = append(visited, name)
		if name == "a" {
			return s.Delete(t.Context(), "pets/b")
		}
		s.FailGet(true)
		return nil
	}, func(name string) error { return fmt.Errorf("%s counts as damaged", name) })
	if fmt.Sprint(visited) != "[a c]" || err == nil || !strings.HasPrefix(err.Error(), "reading pets/d: ") {
		t.Errorf("visited are %v, and the error is %v", visited, err)
	}
}
