package backend_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin/pb"

	"vault-plugin-secrets-paxos/backend"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// A site is a mount all of whose steps can be made to go wrong, with what Vault
// knows of its leases. Its plugin runs in the test's own process, so that its work
// can be seen to end; what passes the boundary is converted as gRPC does it.
type site struct {
	*mount
	tap     *tap
	gate    *gate
	durable logical.Storage // what outlives the plugin
	life    *life
	secrets []string // client secrets, which nothing may tell

	leases []*lease
	judged map[string]bool  // tokens that were held against their role as it is stored
	issued map[string]issue // by fingerprint
	held   map[string]bool  // fingerprints of tokens whose holders nobody can count
	lost   map[string]bool  // fingerprints of tokens that Paxos ended by itself
	said   strings.Builder  // all answers, without the tokens that they are to hold
}

// A lease is what Vault keeps of a secret.
type lease struct {
	path  string
	resp  *logical.Response
	ended bool // or at least Vault tried
}

// An issue is a token that somebody was given.
type issue struct {
	role   string
	own    bool
	leased bool
}

// instances counts plugin processes, whose goroutines are told apart by number.
var instances atomic.Int64

// newSite returns a site that nothing was written to.
func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{tap: &tap{}, durable: &logical.InmemStorage{}, judged: map[string]bool{}, issued: map[string]issue{},
		held: map[string]bool{}, lost: map[string]bool{}}
	s.mount = &mount{
		t: t, clock: newClock(), log: &safeBuffer{},
		system: &countingSystem{StaticSystemView: logical.StaticSystemView{
			DefaultLeaseTTLVal: time.Hour, MaxLeaseTTLVal: 24 * time.Hour,
			ReplicationStateVal: consts.ReplicationPerformanceDisabled | consts.ReplicationDRDisabled,
			PluginEnvironment:   &logical.PluginEnvironment{VaultVersion: "1.21.0"},
		}},
	}
	server, err := paxostest.Start(paxostest.Options{Now: s.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	s.paxos, s.gate = server, newGate(server, s.tap)
	t.Cleanup(s.gate.Close)
	s.client, s.secret, err = server.CreateCredential(paxostest.Credential{Nickname: "vault-root",
		Scopes: slices.Concat(rootScopes, credentialScopes)})
	if err != nil {
		t.Fatal(err)
	}
	s.secrets = append(s.secrets, s.secret)
	s.begin()
	return s
}

// begin starts a plugin process on the storage there is.
func (s *site) begin() {
	s.t.Helper()
	life := &life{label: fmt.Sprintf("plugin-%d.", instances.Add(1)), over: make(chan struct{}),
		thaw: make(chan struct{})}
	s.t.Cleanup(func() { close(life.thaw) })
	s.life = life
	s.gate.life.Store(life)
	s.limits = limits.New(limits.DefaultBudget)
	s.storage = &countingStorage{Storage: &view{s.durable, life, s.tap}}
	logger := hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: s.log, JSONFormat: true})
	factory := backend.NewFactory(backend.Options{Limits: s.limits, Now: s.clock.Now, Wait: s.clock.wait})
	inner, err := factory(context.Background(), &logical.BackendConfig{
		Logger: logger, System: s.system, StorageView: s.storage, BackendUUID: "test-mount",
		Config: map[string]string{},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { inner.Cleanup(context.Background()) })
	s.backend = boundary{inner, life}
	if err := s.initialize(context.Background()); err != nil {
		s.t.Fatal(err)
	}
	if len(s.entries()) > 0 {
		waitUntil(s.t, func() bool { return !s.busy() })
		// it waits for what there is to do, which is nothing, and is cheaper
	} else if err := s.work(context.Background()); err != nil {
		s.t.Fatal(err)
	}
}

// initialize is what Vault does with a plugin process before its first request.
func (s *site) initialize(ctx context.Context) error {
	return s.backend.Initialize(ctx, &logical.InitializationRequest{Storage: s.storage})
}

// rebirth is the end of the plugin process and the begin of another.
func (s *site) rebirth() {
	s.t.Helper()
	s.forgetHolders()
	s.begin()
}

// refreshed waits for the refreshes that reads may have begun: none as long as no
// token has lived for a quarter of an hour, and what takes a lost token's place.
func (s *site) refreshed() {
	s.t.Helper()
	old := func(t paxostest.Token) bool { return s.clock.Now().Sub(t.MintedAt) >= 15*time.Minute-time.Minute }
	if len(s.lost) > 0 || slices.ContainsFunc(s.paxos.LiveTokens(), old) {
		waitUntil(s.t, func() bool { return !s.busy() })
	}
}

// busy reports whether the plugin's process works, which in the background it does in package
// broker, and where clients are reconciled. To look is dear, so it gives the process a chance
// first.
func (s *site) busy() bool {
	for range 100 {
		runtime.Gosched()
	}
	var all bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&all, 1); err != nil {
		s.t.Fatal(err)
	}
	for stack := range strings.SplitSeq(all.String(), "\n\n") {
		if strings.Contains(stack, "(*clock).sleep") { // a timer
			continue
		}
		if strings.Contains(stack, s.life.label) &&
			(strings.Contains(stack, "/backend/broker.") || strings.Contains(stack, "reconcileSoon")) {
			return true
		}
	}
	return false
}

// settings is what is stored but what belongs to tokens and bans, whose place is
// local to the cluster, and what periodic work has seen at Paxos.
func (s *site) settings() map[string]string {
	s.t.Helper()
	all := s.entries()
	delete(all, "drift")
	for _, local := range s.backend.SpecialPaths().LocalStorage {
		maps.DeleteFunc(all, func(key, _ string) bool { return strings.HasPrefix(key, local) })
	}
	return all
}

// entries is all that is stored.
func (s *site) entries() map[string]string {
	s.t.Helper()
	all := map[string]string{}
	keys, err := logical.CollectKeys(context.Background(), s.durable)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, key := range keys {
		entry, err := s.durable.Get(context.Background(), key)
		if err != nil {
			s.t.Fatal(err)
		}
		if entry != nil {
			all[key] = string(entry.Value)
		}
	}
	return all
}

// recorded reports whether a token is on record.
func (s *site) recorded(fingerprint string) bool {
	return slices.ContainsFunc(slices.Collect(maps.Keys(s.entries())), func(key string) bool {
		return strings.HasSuffix(key, "/"+fingerprint)
	})
}

// boundary is what lies between Vault and a plugin: all that passes is converted.
// Goroutines that begin behind it carry the name of the process.
type boundary struct {
	logical.Backend
	life *life
}

// Initialize is part of logical.Backend.
func (b boundary) Initialize(ctx context.Context, req *logical.InitializationRequest) (err error) {
	pprof.Do(ctx, pprof.Labels("process", b.life.label), func(ctx context.Context) {
		err = b.Backend.Initialize(ctx, req)
	})
	return err
}

// HandleRequest is part of logical.Backend.
func (b boundary) HandleRequest(ctx context.Context, req *logical.Request) (resp *logical.Response, err error) {
	sent, err := pb.LogicalRequestToProtoRequest(req)
	if err != nil {
		return nil, err
	}
	arrived, err := pb.ProtoRequestToLogicalRequest(sent)
	if err != nil {
		return nil, err
	}
	arrived.Storage = req.Storage
	pprof.Do(ctx, pprof.Labels("process", b.life.label), func(ctx context.Context) {
		resp, err = b.Backend.HandleRequest(ctx, arrived)
	})
	problem := pb.ProtoErrToErr(pb.ErrToProtoErr(err))
	answered, err := pb.LogicalResponseToProtoResponse(resp)
	if err != nil {
		return nil, err
	}
	if resp, err = pb.ProtoResponseToLogicalResponse(answered); err != nil {
		return nil, err
	}
	return resp, problem
}
