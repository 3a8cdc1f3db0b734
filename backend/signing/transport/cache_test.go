package transport_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vault-plugin-secrets-paxos/backend/signing/transport"
)

// A vaultOutage is a source whose Vault can be unavailable, refuse, or hang.
type vaultOutage struct {
	asked   atomic.Int64
	failure atomic.Value // of type failure
	hang    chan struct{}
}

// A failure is what the source answers; nil: a new token.
type failure struct{ err error }

// token is the TokenSource: its tokens have a TTL of 5 minutes and live for an hour.
func (v *vaultOutage) token(ctx context.Context, _ transport.Question) (transport.Token, error) {
	number := v.asked.Add(1)
	if v.hang != nil {
		select {
		case <-v.hang:
		case <-ctx.Done():
			return transport.Token{}, errors.Join(transport.ErrUnavailable, ctx.Err())
		}
	}
	if failed, _ := v.failure.Load().(failure); failed.err != nil {
		return transport.Token{}, failed.err
	}
	return transport.Token{AccessToken: fmt.Sprint(number), ID: fmt.Sprint("id ", number), TTL: 5 * time.Minute,
		ExpiresAt: time.Now().Add(time.Hour)}, nil
}

// expectToken checks which token a source returns.
func expectToken(t *testing.T, source transport.TokenSource, want string) {
	t.Helper()
	if token, err := source(t.Context(), transport.Question{}); err != nil || token.AccessToken != want {
		t.Errorf("the token is %q %v, want %q", token.AccessToken, err, want)
	}
}

// TestATokenOutlivesAnOutageOfVault lets Vault be unavailable from before the end of the TTL until after
// the end of the token, and then lets it come back.
func TestATokenOutlivesAnOutageOfVault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		vault := &vaultOutage{}
		source := transport.Cached(vault.token)
		began := time.Now()
		expectToken(t, source, "1")
		vault.failure.Store(failure{fmt.Errorf("sealed: %w", transport.ErrUnavailable)})
		for time.Since(began) < time.Hour-31*time.Second {
			expectToken(t, source, "1")
			time.Sleep(100 * time.Millisecond)
		}
		// 55 minutes at one question every 30 seconds, after 1, 2, 4, 8 and 16 seconds.
		if asked := vault.asked.Load(); asked < 100 || asked > 120 {
			t.Errorf("Vault was asked %d times in an outage of 55 minutes", asked)
		}
		time.Sleep(time.Second)
		if token, err := source(t.Context(), transport.Question{}); !errors.Is(err, transport.ErrUnavailable) {
			t.Errorf("30 seconds before the end of the token: %q %v", token.AccessToken, err)
		}
		vault.failure.Store(failure{})
		expectToken(t, source, fmt.Sprint(vault.asked.Load()+1))
	})
}

// TestATokenIsReplacedSoonAfterAnOutage lets Vault come back while the old token can be used.
func TestATokenIsReplacedSoonAfterAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		vault := &vaultOutage{}
		source := transport.Cached(vault.token)
		expectToken(t, source, "1")
		time.Sleep(5 * time.Minute)
		vault.failure.Store(failure{transport.ErrUnavailable})
		expectToken(t, source, "1")
		vault.failure.Store(failure{})
		expectToken(t, source, "1") // the source is not asked for a second
		time.Sleep(time.Second)
		expectToken(t, source, "3")
	})
}

// TestARefusalEndsTheUseOfAToken checks that a token is forgotten when Vault does not allow it any more.
func TestARefusalEndsTheUseOfAToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		vault := &vaultOutage{}
		source := transport.Cached(vault.token)
		expectToken(t, source, "1")
		time.Sleep(5 * time.Minute)
		denied := errors.New("permission denied")
		vault.failure.Store(failure{denied})
		if _, err := source(t.Context(), transport.Question{}); !errors.Is(err, denied) {
			t.Errorf("the refusal is %v", err)
		}
		vault.failure.Store(failure{transport.ErrUnavailable})
		if token, err := source(t.Context(), transport.Question{}); err == nil {
			t.Errorf("after the refusal there is the token %q", token.AccessToken)
		}
	})
}

// TestAHangingVaultDelaysOneSecond checks how long callers wait at the end of the TTL, and that the
// answer is kept when it comes.
func TestAHangingVaultDelaysOneSecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		vault := &vaultOutage{}
		source := transport.Cached(vault.token)
		expectToken(t, source, "1")
		time.Sleep(5 * time.Minute)
		vault.hang = make(chan struct{})
		began := time.Now()
		expectToken(t, source, "1")
		if took := time.Since(began); took != time.Second {
			t.Errorf("the first caller waited %v", took)
		}
		began = time.Now()
		expectToken(t, source, "1")
		if took := time.Since(began); took != 0 {
			t.Errorf("the next caller waited %v", took)
		}
		close(vault.hang)
		synctest.Wait()
		expectToken(t, source, "2")
	})
}

// TestACallerThatGoesAwayFailsNobodyElse cancels the caller whose question is under way.
func TestACallerThatGoesAwayFailsNobodyElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		vault := &vaultOutage{hang: make(chan struct{})}
		source := transport.Cached(vault.token)
		ctx, cancel := context.WithCancel(t.Context())
		first := make(chan error, 1)
		go func() {
			_, err := source(ctx, transport.Question{})
			first <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("the caller that has gone got %v", err)
		}
		second := make(chan error, 1)
		go func() {
			_, err := source(t.Context(), transport.Question{})
			second <- err
		}()
		synctest.Wait()
		close(vault.hang)
		if err := <-second; err != nil || vault.asked.Load() != 1 {
			t.Errorf("the other caller got %v after %d questions", err, vault.asked.Load())
		}
	})
}

// TestManyCallersAskOnce reads a token from many goroutines at once, and lets them all see it rejected.
func TestManyCallersAskOnce(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	source := transport.Cached(c.token)
	all := func(rejected string) {
		var group sync.WaitGroup
		for range 32 {
			group.Go(func() {
				if _, err := source(t.Context(), transport.Question{RejectedID: rejected}); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
	}
	all("")
	if asked, _, _ := c.counts(); asked != 1 {
		t.Errorf("the source was asked %d times for the first token", asked)
	}
	all("id of " + c.replace())
	if asked, rejected, _ := c.counts(); asked != 2 || rejected != 1 {
		t.Errorf("the source was asked %d times, %d of them about a rejected token", asked, rejected)
	}
}

// TestARejectionIsHeardDuringAnotherQuestion lets a caller see its token rejected while the source is
// asked for something else, and answers the same token to that.
func TestARejectionIsHeardDuringAnotherQuestion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var heard []string
		hang := make(chan struct{})
		source := transport.Cached(func(_ context.Context, asked transport.Question) (transport.Token, error) {
			if heard = append(heard, asked.RejectedID); len(heard) == 2 {
				<-hang
			}
			id := "old"
			if asked.RejectedID != "" {
				id = "new"
			}
			return transport.Token{AccessToken: id, ID: id, TTL: time.Minute}, nil
		})
		expectToken(t, source, "old")
		time.Sleep(time.Minute)
		go func() { _, _ = source(t.Context(), transport.Question{}) }() // its answer is the old token
		synctest.Wait()
		answer := make(chan transport.Token, 1)
		go func() {
			token, _ := source(t.Context(), transport.Question{RejectedID: "old"})
			answer <- token
		}()
		synctest.Wait()
		close(hang)
		if token := <-answer; token.ID != "new" || len(heard) != 3 || heard[2] != "old" {
			t.Errorf("the caller got %q, the source heard %q", token.ID, heard)
		}
	})
}
