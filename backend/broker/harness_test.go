package broker_test

import (
	"context"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// The scopes of every test's client.
const (
	reads  = "transfer:read"
	writes = "transfer:write"
)

// A harness is a Paxos with one client, a storage, and the broker between them, all on one clock.
type harness struct {
	*broker.Broker
	t          *testing.T
	paxos      *paxostest.Server
	connection *paxos.Connection
	client     *paxos.Client
	storage    *storage
	clock      *clock
	log        *record
	limits     *limits.Limits
	limit      int // of token requests, for the next broker

	generation atomic.Int64
	authorized atomic.Int64                    // how many times Authorize was called
	authorize  func(call int64) error          // the answer of each call; nil for always yes
	revokers   func() ([]*paxos.Client, error) // nil for the minting client
	closing    atomic.Bool
}

// newHarness starts everything with an empty storage. Edit may change the Paxos.
func newHarness(t *testing.T, edit ...func(*paxostest.Options)) *harness {
	t.Helper()
	h := &harness{t: t, storage: newStorage(), clock: newClock(), log: newRecord(), limit: limits.DefaultBudget}
	options := paxostest.Options{Now: h.clock.Now}
	for _, change := range edit {
		change(&options)
	}
	server, err := paxostest.Start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	h.paxos = server
	credential, secret, err := server.CreateCredential(paxostest.Credential{Scopes: []string{reads, writes}})
	if err != nil {
		t.Fatal(err)
	}
	h.connection, err = paxos.Connect(paxos.Settings{Endpoints: paxos.Endpoints{
		TokenURL: server.TokenURL(), RevokeURL: server.RevokeURL(), APIURL: server.APIURL(),
	}}, h.clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.connection.Close)
	h.client = h.connection.Client(credential.ClientID, paxos.Hide(secret))
	h.generation.Store(1)
	h.restart()
	t.Cleanup(func() { h.Close(); h.wantQuiet(secret) })
	return h
}

// wantQuiet checks that the log tells no token, and not the secret.
func (h *harness) wantQuiet(secret string) {
	h.t.Helper()
	h.storage.mu.Lock()
	defer h.storage.mu.Unlock()
	for _, text := range append(h.storage.texts, secret) {
		if strings.Contains(h.log.String(), text) {
			h.t.Errorf("the log tells a secret:\n%s", h.log)
		}
	}
}

// restart replaces the broker by a new one, as a new process would: with new limits, on the same
// storage.
func (h *harness) restart() {
	h.limits = limits.New(h.limit)
	if h.Broker != nil {
		h.Close()
	}
	h.Broker = broker.New(broker.Options{
		Ledger: h.storage,
		Mount:  "mount",
		Limits: h.limits,
		Revokers: func(context.Context, broker.Row) ([]*paxos.Client, error) {
			if h.revokers != nil {
				return h.revokers()
			}
			return []*paxos.Client{h.client}, nil
		},
		CallRate: func(context.Context) int { return limits.DefaultCallRate },
		Closing:  h.closing.Load,
		Wait:     h.clock.wait,
		Logger:   hclog.New(&hclog.LoggerOptions{Output: h.log, Level: hclog.Trace}),
		Now:      h.clock.Now,
	})
}

// request is a leased read of a role for the scopes, with everything at its default. Edit may
// change it.
func (h *harness) request(edit ...func(*broker.Request)) broker.Request {
	req := broker.Request{
		Key: broker.Key{Role: "role-id", Connection: "connection",
			Leased: true}, RoleName: "role", Scopes: []string{reads},
		MinimumLife: 5 * time.Minute, IdleTTL: 5 * time.Minute, RefreshAt: 0.75,
		Authorize: func(context.Context) (broker.Minter, error) {
			call := h.authorized.Add(1)
			if h.authorize != nil {
				if err := h.authorize(call); err != nil {
					return broker.Minter{}, err
				}
			}
			return broker.Minter{Client: h.client, Generation: int(h.generation.Load())}, nil
		},
	}
	for _, change := range edit {
		change(&req)
	}
	req.Key.Scopes = broker.ScopeSet(req.Scopes)
	return req
}

// own makes a request for a token of the reader's own.
func own(req *broker.Request) { req.Own = true }

// unleased makes a request without a lease.
func unleased(req *broker.Request) { req.Leased = false }

// idle makes a request whose shared token is kept that long after its last lease.
func idle(d time.Duration) func(*broker.Request) {
	return func(req *broker.Request) { req.IdleTTL = d }
}

// role makes a request of another role.
func role(id string) func(*broker.Request) {
	return func(req *broker.Request) { req.Role, req.RoleName = id, id }
}

// scopes makes a request for other scopes.
func scopes(wanted ...string) func(*broker.Request) {
	return func(req *broker.Request) { req.Scopes = wanted }
}

// issue reads a token and fails the test if there is none.
func (h *harness) issue(edit ...func(*broker.Request)) broker.Issued {
	h.t.Helper()
	issued, err := h.Issue(h.t.Context(), h.request(edit...))
	if err != nil {
		h.t.Fatalf("issuing: %v", err)
	}
	return issued
}

// release ends one hold and fails the test if that fails.
func (h *harness) release(issued broker.Issued) {
	h.t.Helper()
	if err := h.Release(h.t.Context(), issued.Fingerprint, issued.Issue); err != nil {
		h.t.Fatalf("releasing: %v", err)
	}
}

// sweep does the periodic work and fails the test if that fails.
func (h *harness) sweep() {
	h.t.Helper()
	if err := h.Sweep(h.t.Context()); err != nil {
		h.t.Fatalf("sweeping: %v", err)
	}
}

// mints is how many token requests Paxos saw, revocations how many of the other kind.
func (h *harness) mints() int       { return h.paxos.Calls(paxostest.TokenEndpoint) }
func (h *harness) revocations() int { return h.paxos.Calls(paxostest.Revoke) }

// wantAlive checks whether the token is valid at Paxos.
func (h *harness) wantAlive(issued broker.Issued, want bool) {
	h.t.Helper()
	if alive := h.paxos.Alive(issued.AccessToken.Reveal()); alive != want {
		h.t.Errorf("alive at Paxos: %v, want %v", alive, want)
	}
}

// wantCounts checks how many tokens were minted, how many revocations asked for, and how many
// tokens live.
func (h *harness) wantCounts(mints, revocations, alive int) {
	h.t.Helper()
	if got := [3]int{h.mints(), h.revocations(), len(h.paxos.LiveTokens())}; got != [3]int{mints, revocations, alive} {
		h.t.Errorf("%d mints, %d revocations, %d alive; want %d, %d, %d", got[0], got[1], got[2], mints,
			revocations, alive)
	}
}

// down makes a door of Paxos unreachable until Heal.
func (h *harness) down(endpoints ...paxostest.Endpoint) {
	for _, endpoint := range endpoints {
		h.paxos.FailAll(endpoint, paxostest.Fault{Drop: true})
	}
}

// holdMint makes the next mint wait after Paxos has done it. The first channel says that it has
// come so far; closing the second lets it go on.
func (h *harness) holdMint() (arrived, proceed chan struct{}) {
	arrived, proceed = make(chan struct{}), make(chan struct{})
	h.paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Rewrite: func(map[string]any) {
		close(arrived)
		<-proceed
	}})
	return arrived, proceed
}

// await waits for a channel and fails the test if nothing comes.
func await[T any](t *testing.T, channel <-chan T, what string) T {
	t.Helper()
	select {
	case value := <-channel:
		return value
	case <-time.After(patience):
		t.Fatalf("waited too long for %s", what)
		panic("unreachable")
	}
}

// An outcome is what a reader in another goroutine got.
type outcome struct {
	broker.Issued
	err error
}

// issueAside reads a token in another goroutine.
func (h *harness) issueAside(ctx context.Context, req broker.Request) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		issued, err := h.Issue(ctx, req)
		done <- outcome{issued, err}
	}()
	return done
}

// settled waits until no refresh is under way.
func (h *harness) settled() {
	h.t.Helper()
	for deadline := time.Now().Add(patience); h.Refreshing(); runtime.Gosched() {
		if time.Now().After(deadline) {
			h.t.Fatal("a refresh does not end")
		}
	}
}
