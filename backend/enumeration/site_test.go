package enumeration

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
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin/pb"

	"vault-plugin-secrets-paxos/backend"
	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// A site is a mount all of whose steps can be made to go wrong, with what Vault
// knows of its leases. Its plugin runs in the test's own process, so that its work
// can be seen to end; what passes the boundary is converted as gRPC does it.
type faultyMount struct {
	*backendtest.Mount
	injector *injector
	proxy    *paxosProxy
	durable  logical.Storage // what outlives the plugin
	process  *process
	secrets  []string // client secrets, which nothing may tell

	leases         []*lease
	checked        map[string]bool        // tokens that were held against their role as it is stored
	issued         map[string]issuedToken // by fingerprint
	holdersUnknown map[string]bool        // fingerprints of tokens whose holders nobody can count
	endedByPaxos   map[string]bool        // fingerprints of tokens that Paxos ended by itself
	answers        strings.Builder        // all answers, without the tokens that they are to hold
}

// A lease is what Vault keeps of a secret.
type lease struct {
	path  string
	resp  *logical.Response
	ended bool // or at least Vault tried
}

// An issue is a token that somebody was given.
type issuedToken struct {
	role   string
	own    bool
	leased bool
}

// instances counts plugin processes, whose goroutines are told apart by number.
var processes atomic.Int64

// newSite returns a site that nothing was written to.
func newFaultyMount(t *testing.T) *faultyMount {
	t.Helper()
	s := &faultyMount{injector: &injector{}, durable: &logical.InmemStorage{}, checked: map[string]bool{}, issued: map[string]issuedToken{},
		holdersUnknown: map[string]bool{}, endedByPaxos: map[string]bool{}}
	s.Mount = &backendtest.Mount{
		T: t, Clock: backendtest.NewClock(), Log: &backendtest.Log{}, System: backendtest.NewSystem(),
	}
	server, err := paxostest.Start(paxostest.Options{Now: s.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	s.Paxos, s.proxy = server, newPaxosProxy(server, s.injector)
	t.Cleanup(s.proxy.Close)
	s.Client, s.Secret, err = server.CreateCredential(paxostest.Credential{Nickname: "vault-root",
		Scopes: slices.Concat(backendtest.RootScopes, backendtest.CredentialScopes)})
	if err != nil {
		t.Fatal(err)
	}
	s.secrets = append(s.secrets, s.Secret)
	s.startProcess()
	return s
}

// begin starts a plugin process on the storage there is.
func (s *faultyMount) startProcess() {
	s.T.Helper()
	life := &process{label: fmt.Sprintf("plugin-%d.", processes.Add(1)), over: make(chan struct{}),
		testOver: make(chan struct{})}
	s.T.Cleanup(func() { close(life.testOver) })
	s.process = life
	s.proxy.process.Store(life)
	s.Limits = broker.NewLimits(broker.DefaultBudget)
	s.Storage = &backendtest.Storage{Storage: &faultyStorage{s.durable, life, s.injector}}
	logger := hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: s.Log, JSONFormat: true})
	factory := backend.NewFactory(backend.Options{Limits: s.Limits, Now: s.Clock.Now, Wait: s.Clock.Wait})
	inner, err := factory(context.Background(), &logical.BackendConfig{
		Logger: logger, System: s.System, StorageView: s.Storage, BackendUUID: "test-mount",
		Config: map[string]string{},
	})
	if err != nil {
		s.T.Fatal(err)
	}
	s.T.Cleanup(func() { inner.Cleanup(context.Background()) })
	s.Backend = grpcBackend{inner, life}
	if err := s.initialize(context.Background()); err != nil {
		s.T.Fatal(err)
	}
	if len(s.entries()) > 0 {
		backendtest.WaitUntil(s.T, func() bool { return !s.busy() })
		// it waits for what there is to do, which is nothing, and is cheaper
	} else if err := s.periodic(context.Background()); err != nil {
		s.T.Fatal(err)
	}
}

// initialize is what Vault does with a plugin process before its first request.
func (s *faultyMount) initialize(ctx context.Context) error {
	return s.Backend.Initialize(ctx, &logical.InitializationRequest{Storage: s.Storage})
}

// rebirth is the end of the plugin process and the begin of another.
func (s *faultyMount) restart() {
	s.T.Helper()
	s.forgetHolders()
	s.startProcess()
}

// refreshed waits for the refreshes that reads may have begun: none as long as no
// token has lived for a quarter of an hour, and what takes a lost token's place.
func (s *faultyMount) awaitRefreshes() {
	s.T.Helper()
	old := func(t paxostest.Token) bool { return s.Clock.Now().Sub(t.MintedAt) >= 15*time.Minute-time.Minute }
	if len(s.endedByPaxos) > 0 || slices.ContainsFunc(s.Paxos.LiveTokens(), old) {
		backendtest.WaitUntil(s.T, func() bool { return !s.busy() })
	}
}

// busy reports whether the plugin's process works, which in the background it does in package
// broker, and where clients are reconciled. To look is dear, so it gives the process a chance
// first.
func (s *faultyMount) busy() bool {
	for range 100 {
		runtime.Gosched()
	}
	var all bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&all, 1); err != nil {
		s.T.Fatal(err)
	}
	for stack := range strings.SplitSeq(all.String(), "\n\n") {
		if strings.Contains(stack, "(*clock).sleep") { // a timer
			continue
		}
		if strings.Contains(stack, s.process.label) &&
			(strings.Contains(stack, "/backend/broker.") || strings.Contains(stack, "reconcileSoon")) {
			return true
		}
	}
	return false
}

// settings is what is stored but what belongs to tokens and bans, whose place is
// local to the cluster, and what periodic work has seen at Paxos.
func (s *faultyMount) settings() map[string]string {
	s.T.Helper()
	all := s.entries()
	delete(all, "drift")
	for _, local := range s.Backend.SpecialPaths().LocalStorage {
		maps.DeleteFunc(all, func(key, _ string) bool { return strings.HasPrefix(key, local) })
	}
	return all
}

// entries is all that is stored.
func (s *faultyMount) entries() map[string]string {
	s.T.Helper()
	all := map[string]string{}
	keys, err := logical.CollectKeys(context.Background(), s.durable)
	if err != nil {
		s.T.Fatal(err)
	}
	for _, key := range keys {
		entry, err := s.durable.Get(context.Background(), key)
		if err != nil {
			s.T.Fatal(err)
		}
		if entry != nil {
			all[key] = string(entry.Value)
		}
	}
	return all
}

// recorded reports whether a token is on record.
func (s *faultyMount) recorded(fingerprint string) bool {
	return slices.ContainsFunc(slices.Collect(maps.Keys(s.entries())), func(key string) bool {
		return strings.HasSuffix(key, "/"+fingerprint)
	})
}

// boundary is what lies between Vault and a plugin: all that passes is converted.
// Goroutines that begin behind it carry the name of the process.
type grpcBackend struct {
	logical.Backend
	process *process
}

// Initialize is part of logical.Backend.
func (b grpcBackend) Initialize(ctx context.Context, req *logical.InitializationRequest) (err error) {
	pprof.Do(ctx, pprof.Labels("process", b.process.label), func(ctx context.Context) {
		err = b.Backend.Initialize(ctx, req)
	})
	return err
}

// HandleRequest is part of logical.Backend.
func (b grpcBackend) HandleRequest(ctx context.Context, req *logical.Request) (resp *logical.Response, err error) {
	sent, err := pb.LogicalRequestToProtoRequest(req)
	if err != nil {
		return nil, err
	}
	arrived, err := pb.ProtoRequestToLogicalRequest(sent)
	if err != nil {
		return nil, err
	}
	arrived.Storage = req.Storage
	pprof.Do(ctx, pprof.Labels("process", b.process.label), func(ctx context.Context) {
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
