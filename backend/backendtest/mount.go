package backendtest

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/testhelpers/schema"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin"

	"vault-plugin-secrets-paxos/backend"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// Mount is a mount of the engine as Vault sees it: behind the gRPC of plugins, in front of a
// stand-in Paxos. Use NewMount or NewConfiguredMount.
type Mount struct {
	T       *testing.T
	Backend logical.Backend
	Storage *Storage
	System  *System
	Clock   *Clock
	Paxos   *paxostest.Server
	Limits  *limits.Limits
	Log     *Log
	Events  *Events
	Factory logical.Factory      // of the plugin process: its mounts share it
	Client  paxostest.Credential // the root client
	Secret  string               // the root client's

	inProcess bool
}

// Canary begins every secret that the tests send, so that one search finds a leak.
const Canary = "canary-"

// RootScopes are the scopes of the root client.
var RootScopes = []string{"funding:read_profile", "transfer:read_transfer", "transfer:write_crypto_withdrawal",
	"events:read_event"}

// ListScope is the scope that the root client needs to list clients. It does not hold it until a test
// gives it.
const ListScope = "api_creds:read_credentials"

// CredentialScopes are the scopes that the root client needs to list and delete clients.
var CredentialScopes = []string{ListScope, "api_creds:delete_credentials"}

// NewMount returns a mount that nothing was written to. Its stand-in Paxos has a root client.
func NewMount(t *testing.T) *Mount {
	t.Helper()
	return newMount(t, false)
}

// NewInProcessMount is NewMount without a gRPC connection: see InProcess. It is for tests that make
// thousands of requests, or hundreds of mounts.
func NewInProcessMount(t *testing.T) *Mount {
	t.Helper()
	return newMount(t, true)
}

// newMount makes either.
func newMount(t *testing.T, inProcess bool) *Mount {
	t.Helper()
	m := &Mount{
		T: t, Clock: NewClock(), Limits: limits.New(limits.DefaultBudget), Log: &Log{},
		Events: &Events{}, Storage: &Storage{Storage: &logical.InmemStorage{}},
		System: NewSystem(), inProcess: inProcess,
	}
	server, err := paxostest.Start(paxostest.Options{Now: m.Clock.Now, TokenLimit: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	m.Paxos = server
	m.Client, m.Secret, err = server.CreateCredential(paxostest.Credential{Nickname: "vault-root", Scopes: RootScopes})
	if err != nil {
		t.Fatal(err)
	}
	m.Restart()
	return m
}

// NewConfiguredMount returns a mount that knows its root client, and has a role called mint.
func NewConfiguredMount(t *testing.T) *Mount {
	t.Helper()
	m := NewMount(t)
	m.ConfigureWithRole()
	return m
}

// Configure points the mount at the stand-in Paxos and gives it its root client.
func (m *Mount) Configure() {
	m.T.Helper()
	m.Must(logical.UpdateOperation, "config/connection", m.Connection())
	m.Must(logical.UpdateOperation, "config", map[string]any{
		"environment": "custom", "client_id": m.Client.ClientID, "client_secret": m.Secret,
	})
}

// ConfigureWithRole is Configure, and makes a role called mint.
func (m *Mount) ConfigureWithRole() {
	m.T.Helper()
	m.Configure()
	m.Must(logical.UpdateOperation, "roles/mint",
		map[string]any{"scopes": "funding:read_profile,transfer:read_transfer", "idle_ttl": 0})
}

// Connection is what config/connection has to hold for the stand-in Paxos.
func (m *Mount) Connection() map[string]any {
	return map[string]any{"token_url": m.Paxos.TokenURL(), "revoke_url": m.Paxos.RevokeURL(),
		"api_url": m.Paxos.APIURL()}
}

// Restart gives the mount a new plugin process on the same storage, as after a crash: what the
// process had in memory is gone.
func (m *Mount) Restart() {
	m.T.Helper()
	m.Start("test-mount")
}

// Start loads the mount in a plugin process of its own, under the identifier that Vault gives it.
func (m *Mount) Start(uuid string) {
	m.T.Helper()
	m.Factory = backend.NewFactory(backend.Options{Limits: m.Limits, Now: m.Clock.Now, Wait: m.Clock.Wait})
	m.Serve(uuid)
}

// Neighbor returns another mount of the same plugin process.
func (m *Mount) Neighbor() *Mount {
	m.T.Helper()
	other := *m
	other.Storage = &Storage{Storage: &logical.InmemStorage{}}
	other.Serve("other-mount")
	return &other
}

// Serve loads the mount by its factory.
func (m *Mount) Serve(uuid string) {
	m.T.Helper()
	conf := &logical.BackendConfig{
		Logger: hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: m.Log, JSONFormat: true}),
		System: m.System, StorageView: m.Storage, BackendUUID: uuid, Config: map[string]string{},
		EventsSender: m.Events,
	}
	if m.inProcess {
		m.loadInProcess(conf)
	} else {
		m.loadByGRPC(conf)
	}
	if err := m.Backend.Initialize(context.Background(),
		&logical.InitializationRequest{Storage: m.Storage}); err != nil {
		m.T.Fatal(err)
	}
}

// loadInProcess loads the mount without a connection.
func (m *Mount) loadInProcess(conf *logical.BackendConfig) {
	m.T.Helper()
	loaded, err := m.Factory(context.Background(), conf)
	if err != nil {
		m.T.Fatal(err)
	}
	m.T.Cleanup(func() { loaded.Cleanup(context.Background()) })
	m.Backend = InProcess{loaded}
}

// loadByGRPC loads the mount behind a connection, as Vault does.
func (m *Mount) loadByGRPC(conf *logical.BackendConfig) {
	m.T.Helper()
	client, _ := goplugin.TestPluginGRPCConn(m.T, false, map[string]goplugin.Plugin{
		plugin.BackendPluginName: &plugin.GRPCBackendPlugin{Factory: m.Factory, Logger: conf.Logger},
	})
	m.T.Cleanup(func() { _ = client.Close() })
	raw, err := client.Dispense(plugin.BackendPluginName)
	if err != nil {
		m.T.Fatal(err)
	}
	m.Backend = raw.(logical.Backend)
	if err := m.Backend.Setup(context.Background(), conf); err != nil {
		m.T.Fatal(err)
	}
}

// Do sends one request as Vault's core does: a write begins with the existence check.
func (m *Mount) Do(operation logical.Operation, path string, data map[string]any) (*logical.Response, error) {
	m.T.Helper()
	req := &logical.Request{Operation: operation, Path: path, Data: data, Storage: m.Storage, MountPoint: "paxos/",
		ID: "request"}
	if operation == logical.UpdateOperation {
		found, exists, err := m.Backend.HandleExistenceCheck(context.Background(), req)
		if err != nil && !errors.Is(err, logical.ErrUnsupportedPath) {
			m.T.Fatalf("existence check of %s: %v (core logs this as an error)", path, err)
		}
		if found && !exists {
			req.Operation = logical.CreateOperation
		}
	}
	return m.Backend.HandleRequest(context.Background(), req)
}

// Must is Do for a request that has to succeed. The answer must have the form that the path declares.
func (m *Mount) Must(operation logical.Operation, path string, data map[string]any) *logical.Response {
	m.T.Helper()
	resp, err := m.Do(operation, path, data)
	if err != nil || resp.IsError() {
		m.T.Fatalf("%s %s: response %v, error %v", operation, path, resp, err)
	}
	if resp != nil && len(resp.Data) > 0 {
		m.validate(operation, path, resp)
	}
	return resp
}

// declared is a backend that nothing is asked of but which paths it has. Making one takes longer than
// most requests, so that all tests share it.
var declared = sync.OnceValues(func() (logical.Backend, error) {
	factory := backend.NewFactory(backend.Options{Limits: limits.New(limits.DefaultBudget)})
	return factory(context.Background(), &logical.BackendConfig{
		StorageView: &logical.InmemStorage{}, System: logical.TestSystemView(),
	})
})

// validate compares a response with the one that the path declares.
func (m *Mount) validate(operation logical.Operation, path string, resp *logical.Response) {
	m.T.Helper()
	paths, err := declared()
	if err != nil {
		m.T.Fatal(err)
	}
	route := paths.(interface{ Route(string) *framework.Path }).Route(path)
	properties := route.Operations[operation].Properties()
	answers := properties.Responses[http.StatusOK]
	if len(answers) == 0 {
		m.T.Fatalf("%s %s answers data but declares none", operation, path)
	}
	schema.ValidateResponse(m.T, &answers[0], resp, true)
}

// Refused is Do for a request that has to fail. It returns the status and the text that a caller of
// Vault would see.
func (m *Mount) Refused(operation logical.Operation, path string, data map[string]any) (int, string) {
	m.T.Helper()
	resp, err := m.Do(operation, path, data)
	status, err := logical.RespondErrorCommon(&logical.Request{Operation: operation}, resp, err)
	if err == nil {
		m.T.Fatalf("%s %s was not refused: %v", operation, path, resp)
	}
	logical.AdjustErrorStatusCode(&status, err)
	return status, err.Error()
}

// Revoke ends a lease as Vault's expiration manager does.
func (m *Mount) Revoke(resp *logical.Response) error {
	m.T.Helper()
	_, err := m.Backend.HandleRequest(context.Background(), &logical.Request{
		Operation: logical.RevokeOperation, Path: "creds/mint", Storage: m.Storage, Secret: resp.Secret,
		Data: resp.Data, MountPoint: "paxos/",
	})
	return err
}

// Tick is what Vault does every minute: periodic work.
func (m *Mount) Tick() {
	m.T.Helper()
	if _, err := m.Backend.HandleRequest(context.Background(),
		&logical.Request{Operation: logical.RollbackOperation, Storage: m.Storage}); err != nil {
		m.T.Fatalf("periodic work: %v", err)
	}
}

// Token is the access token of an answer.
func Token(resp *logical.Response) string { return resp.Data["access_token"].(string) }

// Stored is everything in storage, as text. The records of token requests are left out, because they
// are written whatever becomes of the request.
func (m *Mount) Stored() string {
	m.T.Helper()
	var all strings.Builder
	err := logical.ScanView(context.Background(), m.Storage, func(key string) {
		if strings.HasPrefix(key, "requests/") {
			return
		}
		entry, err := m.Storage.Get(context.Background(), key)
		if err != nil || entry == nil {
			m.T.Fatalf("reading %s: %v", key, err)
		}
		all.WriteString(key + "=" + string(entry.Value) + "\n")
	})
	if err != nil {
		m.T.Fatal(err)
	}
	return all.String()
}

// EditClient changes a client as its owner does in the Dashboard.
func (m *Mount) EditClient(clientID string, change func(*paxostest.Credential)) {
	m.T.Helper()
	if err := m.Paxos.EditCredential(clientID, change); err != nil {
		m.T.Fatal(err)
	}
}

// Help is what `vault path-help` gets for a path.
func (m *Mount) Help(path string) *logical.Response {
	m.T.Helper()
	resp, err := m.Backend.HandleRequest(context.Background(),
		&logical.Request{Operation: logical.HelpOperation, Path: path, Storage: m.Storage})
	if err != nil {
		m.T.Fatal(err)
	}
	return resp
}
