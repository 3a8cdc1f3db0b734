package usage_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/usage"
)

func TestUsesAreStoredOnceTheyAreTenMinutesAhead(t *testing.T) {
	t.Parallel()
	s := &logical.InmemStorage{}
	var u usage.Memory
	u.Note("mint", "client", start)
	flush(t, &u, s)
	for _, test := range []struct {
		after  time.Duration
		stored time.Duration
	}{{0, 0}, {10*time.Minute - time.Second, 0}, {10 * time.Minute, 10 * time.Minute},
		{19 * time.Minute, 10 * time.Minute}, {20 * time.Minute, 20 * time.Minute}} {
		u.Note("mint", "client", start.Add(test.after))
		if due := len(u.Overdue()) > 0; due != (test.stored == test.after && test.after > 0) {
			t.Errorf("after %s, entries are overdue: %v", test.after, due)
		}
		flush(t, &u, s)
		for _, subject := range []usage.Subject{usage.Role("mint"), usage.Client("client")} {
			if got := stored(t, s, subject); !got.Equal(start.Add(test.stored)) {
				t.Errorf("after %s, of %s is stored %s", test.after, subject, got.Sub(start))
			}
			if got := u.Last(subject); !got.Equal(start.Add(test.after)) {
				t.Errorf("after %s, of %s is known %s", test.after, subject, got.Sub(start))
			}
		}
	}
}

func TestNothingIsWrittenThatIsNotOverdue(t *testing.T) {
	t.Parallel()
	s := &logical.InmemStorage{}
	var u usage.Memory
	u.Note("mint", "client", start)
	flush(t, &u, s)
	u.Note("mint", "client", start.Add(time.Minute))
	s.FailPut(true).FailDelete(true)
	flush(t, &u, s)
}

func TestWhatStorageRefusesIsWrittenLater(t *testing.T) {
	t.Parallel()
	s := &faultyStorage{refused: []string{"usage/roles-"}}
	var u usage.Memory
	u.Note("mint", "client", start)
	if err := u.Flush(t.Context(), s); !errors.Is(err, errRefused) {
		t.Errorf("the error is %v", err)
	}
	if got := stored(t, s, usage.Client("client")); !got.Equal(start) {
		t.Errorf("of the client is stored %s, although only the role was refused", got)
	}
	s.refused = []string{"usage/clients"} // it has nothing new
	flush(t, &u, s)
	if got := stored(t, s, usage.Role("mint")); !got.Equal(start) {
		t.Errorf("of the role is stored %s", got)
	}
}

// TestWhatIsDroppedIsTakenOutOfStorage drops a role, whose entry holds nothing else or another one.
func TestWhatIsDroppedIsTakenOutOfStorage(t *testing.T) {
	t.Parallel()
	for name, keep := range map[string]map[usage.Subject]bool{
		"alone":         {usage.Client("client"): true},
		"with a client": {},
	} {
		s := &faultyStorage{}
		var u usage.Memory
		u.Note("mint", "client", start)
		flush(t, &u, s)
		u.Keep(keep)
		if got := u.Last(usage.Role("mint")); !got.IsZero() {
			t.Errorf("%s: after it was dropped, the role is known: %s", name, got)
		}
		s.refused = []string{"usage/"}
		for range 2 { // it is not forgotten by a second failure
			if err := u.Flush(t.Context(), s); !errors.Is(err, errRefused) {
				t.Errorf("%s: the error is %v", name, err)
			}
		}
		u.Reload()
		load(t, &u, s)
		if got := u.Last(usage.Role("mint")); !got.IsZero() {
			t.Errorf("%s: storage brought the role back: %s", name, got)
		}
		s.refused = nil
		flush(t, &u, s)
		if len(u.Overdue()) > 0 {
			t.Errorf("%s: overdue are %v", name, u.Overdue())
		}
		for subject, want := range map[usage.Subject]bool{usage.Role("mint"): false,
			usage.Client("client"): keep[usage.Client("client")]} {
			if got := stored(t, s, subject); got.IsZero() == want {
				t.Errorf("%s: of %s is stored %s", name, subject, got)
			}
		}
		if keys, err := logical.CollectKeys(t.Context(), s); err != nil || len(keys) != len(keep) {
			t.Errorf("%s: stored are %v, %v", name, keys, err)
		}
	}
}

func TestARoleMadeAgainIsStoredAgain(t *testing.T) {
	t.Parallel()
	s := &faultyStorage{}
	var u usage.Memory
	u.Note("mint", "client", start)
	flush(t, &u, s)
	u.Forget("mint")
	u.Note("mint", "client", start.Add(time.Minute))
	u.Reload()
	load(t, &u, s) // with the use of the role before
	flush(t, &u, s)
	if got := stored(t, s, usage.Role("mint")); !got.Equal(start.Add(time.Minute)) {
		t.Errorf("stored is %s", got)
	}
}

func TestReloadTakesWhatIsLater(t *testing.T) {
	t.Parallel()
	s := &logical.InmemStorage{}
	var u, other usage.Memory
	load(t, &u, s)
	u.Note("busy", "client", start.Add(time.Hour))
	other.Note("busy", "client", start)
	other.Note("away", "client", start)
	flush(t, &other, s)
	load(t, &u, s) // it has loaded already
	if got := u.Last(usage.Role("away")); !got.IsZero() {
		t.Errorf("without Reload, the other node's use is known: %s", got)
	}
	u.Reload()
	load(t, &u, s)
	for role, want := range map[string]time.Time{"away": start, "busy": start.Add(time.Hour)} {
		if got := u.Last(usage.Role(role)); !got.Equal(want) {
			t.Errorf("%s last issued at %s, want %s", role, got, want)
		}
	}
}

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

// TestWhatChangesDuringASlowLoad lets something happen between the reads of a Load and its end.
func TestWhatChangesDuringASlowLoad(t *testing.T) {
	t.Parallel()
	role := usage.Role("mint")
	for name, test := range map[string]struct {
		change func(t *testing.T, u *usage.Memory, s *logical.InmemStorage)
		want   time.Time // when the role last issued, after the next Load
	}{
		"nothing": {func(*testing.T, *usage.Memory, *logical.InmemStorage) {}, start},
		"the role is deleted": {func(_ *testing.T, u *usage.Memory, _ *logical.InmemStorage) {
			u.Forget("mint")
		}, time.Time{}},
		"another node stores": {func(t *testing.T, u *usage.Memory, s *logical.InmemStorage) {
			var other usage.Memory
			other.Note("mint", "client", start.Add(time.Hour))
			flush(t, &other, s)
			u.Reload()
		}, start.Add(time.Hour)},
		"the role is deleted and that is stored": {func(t *testing.T, u *usage.Memory, s *logical.InmemStorage) {
			u.Forget("mint")
			load(t, u, s)
			flush(t, u, s)
		}, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &slowStorage{read: make(chan struct{}), proceed: make(chan struct{})}
			var before, u usage.Memory
			before.Note("mint", "client", start)
			flush(t, &before, &s.InmemStorage)
			loaded := make(chan error)
			go func() { loaded <- u.Load(t.Context(), s) }()
			<-s.read // the clients
			s.proceed <- struct{}{}
			<-s.read // the roles
			test.change(t, &u, &s.InmemStorage)
			close(s.proceed)
			if err := <-loaded; err != nil {
				t.Fatal(err)
			}
			load(t, &u, &s.InmemStorage)
			if got := u.Last(role); !got.Equal(test.want) {
				t.Errorf("it last issued at %s, want %s", got, test.want)
			}
		})
	}
}

func TestALoadThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := &logical.InmemStorage{}
	var before, u usage.Memory
	before.Note("mint", "client", start)
	flush(t, &before, s)
	for name, fail := range map[string]func(bool) *logical.InmemStorage{"Get": s.FailGet, "List": s.FailList} {
		fail(true)
		if err := u.Load(t.Context(), s); err == nil {
			t.Errorf("with a %s that fails, Load does not", name)
		}
		fail(false)
	}
	load(t, &u, s)
	if got := u.Last(usage.Role("mint")); !got.Equal(start) {
		t.Errorf("it last issued at %s", got)
	}
}

func TestADamagedEntryIsWrittenAgain(t *testing.T) {
	t.Parallel()
	s := &logical.InmemStorage{}
	if err := s.Put(t.Context(), &logical.StorageEntry{Key: "usage/clients", Value: []byte("{")}); err != nil {
		t.Fatal(err)
	}
	var u usage.Memory
	load(t, &u, s)
	u.Note("mint", "client", start)
	flush(t, &u, s)
	if got := stored(t, s, usage.Client("client")); !got.Equal(start) {
		t.Errorf("stored is %s", got)
	}
}
