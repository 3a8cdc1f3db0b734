package backend_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/helper/testhelpers/schema"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin"

	"vault-plugin-secrets-paxos/backend"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// mount is the engine as Vault sees it: behind plugin gRPC, with a storage and a
// system view that count what they are asked.
type mount struct {
	t       *testing.T
	backend logical.Backend
	storage *countingStorage
	system  *countingSystem
	clock   *clock
	paxos   *paxostest.Server
	limits  *limits.Limits
	log     *safeBuffer
	events  *eventBus
	factory logical.Factory
	client  paxostest.Credential // the root's
	secret  string

	secretOfK string // a stored client's
}

// canary begins every secret that the tests send, so that one search finds a leak.
const canary = "canary-"

// scopes are what the root client of the tests holds.
var rootScopes = []string{"funding:read_profile", "transfer:read_transfer", "transfer:write_crypto_withdrawal",
	"events:read_event"}

// newMount returns a mount that nothing was written to.
func newMount(t *testing.T) *mount {
	t.Helper()
	m := &mount{
		t: t, clock: newClock(), limits: limits.New(limits.DefaultBudget), log: &safeBuffer{},
		events: &eventBus{},
		system: &countingSystem{StaticSystemView: logical.StaticSystemView{
			DefaultLeaseTTLVal: time.Hour, MaxLeaseTTLVal: 24 * time.Hour,
			ReplicationStateVal: consts.ReplicationPerformanceDisabled | consts.ReplicationDRDisabled,
			PluginEnvironment:   &logical.PluginEnvironment{VaultVersion: "1.21.0"},
		}},
	}
	m.storage = &countingStorage{Storage: &logical.InmemStorage{}}
	server, err := paxostest.Start(paxostest.Options{Now: m.clock.Now, TokenLimit: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	m.paxos = server
	var created error
	m.client, m.secret, created = server.CreateCredential(paxostest.Credential{Nickname: "vault-root",
		Scopes: rootScopes})
	if created != nil {
		t.Fatal(created)
	}
	m.restart()
	return m
}

// newConfiguredMount returns a mount with its root client and a role called mint.
func newConfiguredMount(t *testing.T) *mount {
	t.Helper()
	m := newMount(t)
	m.configure()
	m.must(logical.UpdateOperation, "roles/mint",
		map[string]any{"scopes": "funding:read_profile,transfer:read_transfer", "idle_ttl": 0})
	return m
}

// configure points the mount at the stand-in with its root client.
func (m *mount) configure() {
	m.t.Helper()
	m.must(logical.UpdateOperation, "config/connection", m.connection())
	m.must(logical.UpdateOperation, "config", map[string]any{
		"environment": "custom", "client_id": m.client.ClientID, "client_secret": m.secret,
	})
}

// connection is what config/connection is to hold for the stand-in.
func (m *mount) connection() map[string]any {
	return map[string]any{"token_url": m.paxos.TokenURL(), "revoke_url": m.paxos.RevokeURL(),
		"api_url": m.paxos.APIURL()}
}

// restart gives the mount a new plugin instance on the same storage, as after a
// crash: memory is gone.
func (m *mount) restart() {
	m.t.Helper()
	m.begin("test-mount")
}

// begin loads the mount with a factory of its own.
func (m *mount) begin(uuid string) {
	m.t.Helper()
	m.factory = backend.NewFactory(backend.Options{Limits: m.limits, Now: m.clock.Now, Wait: m.clock.wait})
	m.serve(uuid)
}

// neighbour returns another mount of the same process.
func (m *mount) neighbour() *mount {
	m.t.Helper()
	other := *m
	other.storage = &countingStorage{Storage: &logical.InmemStorage{}}
	other.serve("other-mount")
	return &other
}

// serve has the factory make the mount.
func (m *mount) serve(uuid string) {
	m.t.Helper()
	logger := hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: m.log, JSONFormat: true})
	client, _ := goplugin.TestPluginGRPCConn(m.t, false, map[string]goplugin.Plugin{
		plugin.BackendPluginName: &plugin.GRPCBackendPlugin{Factory: m.factory, Logger: logger},
	})
	m.t.Cleanup(func() { _ = client.Close() })
	raw, err := client.Dispense(plugin.BackendPluginName)
	if err != nil {
		m.t.Fatal(err)
	}
	m.backend = raw.(logical.Backend)
	conf := &logical.BackendConfig{
		Logger: logger, System: m.system, StorageView: m.storage, BackendUUID: uuid, Config: map[string]string{},
		EventsSender: m.events,
	}
	if err := m.backend.Setup(context.Background(), conf); err != nil {
		m.t.Fatal(err)
	}
	if err := m.backend.Initialize(context.Background(),
		&logical.InitializationRequest{Storage: m.storage}); err != nil {
		m.t.Fatal(err)
	}
}

// do sends one request as Vault's core would: existence check first for writes.
func (m *mount) do(operation logical.Operation, path string, data map[string]any) (*logical.Response, error) {
	m.t.Helper()
	req := &logical.Request{Operation: operation, Path: path, Data: data, Storage: m.storage, MountPoint: "paxos/",
		ID: "request"}
	if operation == logical.UpdateOperation {
		found, exists, err := m.backend.HandleExistenceCheck(context.Background(), req)
		if err != nil && err != logical.ErrUnsupportedPath {
			m.t.Fatalf("existence check of %s: %v (core logs this as an error)", path, err)
		}
		if found && !exists {
			req.Operation = logical.CreateOperation
		}
	}
	return m.backend.HandleRequest(context.Background(), req)
}

// must is do for requests that have to succeed; it holds answers against the
// schema the path declares.
func (m *mount) must(operation logical.Operation, path string, data map[string]any) *logical.Response {
	m.t.Helper()
	resp, err := m.do(operation, path, data)
	if err != nil || resp.IsError() {
		m.t.Fatalf("%s %s: response %v, error %v", operation, path, resp, err)
	}
	if resp != nil && len(resp.Data) > 0 {
		m.validate(operation, path, resp)
	}
	return resp
}

// validate holds a response against the one the path declares.
func (m *mount) validate(operation logical.Operation, path string, resp *logical.Response) {
	m.t.Helper()
	declared, err := backend.NewFactory(backend.Options{Limits: m.limits})(context.Background(),
		&logical.BackendConfig{StorageView: m.storage, System: m.system})
	if err != nil {
		m.t.Fatal(err)
	}
	route := declared.(interface{ Route(string) *framework.Path }).Route(path)
	properties := route.Operations[operation].Properties()
	answers := properties.Responses[http.StatusOK]
	if len(answers) == 0 {
		m.t.Fatalf("%s %s answers data but declares none", operation, path)
	}
	schema.ValidateResponse(m.t, &answers[0], resp, true)
}

// refused is do for requests that have to fail; it returns the status and text that
// a caller of Vault would see.
func (m *mount) refused(operation logical.Operation, path string, data map[string]any) (int, string) {
	m.t.Helper()
	resp, err := m.do(operation, path, data)
	status, err := logical.RespondErrorCommon(&logical.Request{Operation: operation}, resp, err)
	if err == nil {
		m.t.Fatalf("%s %s was not refused: %v", operation, path, resp)
	}
	logical.AdjustErrorStatusCode(&status, err)
	return status, err.Error()
}

// revoke ends a lease as Vault's expiration manager would.
func (m *mount) revoke(resp *logical.Response) error {
	m.t.Helper()
	_, err := m.backend.HandleRequest(context.Background(), &logical.Request{
		Operation: logical.RevokeOperation, Path: "creds/mint", Storage: m.storage, Secret: resp.Secret,
		Data: resp.Data,
	})
	return err
}

// tick is what Vault does every minute.
func (m *mount) tick() {
	m.t.Helper()
	if _, err := m.backend.HandleRequest(context.Background(),
		&logical.Request{Operation: logical.RollbackOperation, Storage: m.storage}); err != nil {
		m.t.Fatalf("periodic work: %v", err)
	}
}

// token is the access token of an answer.
func token(resp *logical.Response) string { return resp.Data["access_token"].(string) }

// stored is everything in storage, as text, but the records of token requests, which are written
// whatever becomes of the request.
func (m *mount) stored() string {
	m.t.Helper()
	var all strings.Builder
	err := logical.ScanView(context.Background(), m.storage, func(key string) {
		if strings.HasPrefix(key, "requests/") {
			return
		}
		entry, err := m.storage.Get(context.Background(), key)
		if err != nil || entry == nil {
			m.t.Fatalf("reading %s: %v", key, err)
		}
		all.WriteString(key + "=" + string(entry.Value) + "\n")
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return all.String()
}

// countingSystem counts the calls back to Vault that each request could make.
type countingSystem struct {
	logical.StaticSystemView
	calls   atomic.Int64
	tainted atomic.Bool
	state   atomic.Uint32 // overrides the replication state if not zero
}

func (s *countingSystem) ReplicationState() consts.ReplicationState {
	s.calls.Add(1)
	if state := s.state.Load(); state != 0 {
		return consts.ReplicationState(state)
	}
	return s.StaticSystemView.ReplicationState()
}

func (s *countingSystem) LocalMount() bool {
	s.calls.Add(1)
	return s.StaticSystemView.LocalMount()
}

func (s *countingSystem) DefaultLeaseTTL() time.Duration {
	s.calls.Add(1)
	return s.StaticSystemView.DefaultLeaseTTL()
}

func (s *countingSystem) MaxLeaseTTL() time.Duration {
	s.calls.Add(1)
	return s.StaticSystemView.MaxLeaseTTL()
}

func (s *countingSystem) Tainted() bool {
	s.calls.Add(1)
	return s.tainted.Load()
}
