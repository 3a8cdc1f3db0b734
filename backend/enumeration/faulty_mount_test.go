package enumeration

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend"
	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// A faultyMount is a mount in front of a storage and a Paxos that can be made to fail at any step,
// together with what Vault knows of its leases. The methods that begin with "with" bring it into a
// state.
type faultyMount struct {
	*backendtest.Mount
	injector *injector
	proxy    *paxosProxy
	durable  logical.Storage // what remains when the plugin's process ends
	process  *process
	secrets  []string // client secrets, which nothing may tell

	leases         []*lease
	checked        map[string]bool        // tokens that were compared with their role as it is stored now
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

// An issuedToken is a token that a reader was given.
type issuedToken struct {
	role   string
	own    bool
	leased bool
}

// newFaultyMount returns a mount that nothing was written to.
func newFaultyMount(t *testing.T) *faultyMount {
	t.Helper()
	m := &faultyMount{injector: &injector{}, durable: &logical.InmemStorage{}, checked: map[string]bool{},
		issued:         map[string]issuedToken{},
		holdersUnknown: map[string]bool{}, endedByPaxos: map[string]bool{}}
	m.Mount = &backendtest.Mount{
		T: t, Clock: backendtest.NewClock(), Log: &backendtest.Log{}, System: backendtest.NewSystem(),
	}
	server, err := paxostest.Start(paxostest.Options{Now: m.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	m.Paxos, m.proxy = server, newPaxosProxy(server, m.injector)
	t.Cleanup(m.proxy.Close)
	m.Client, m.Secret, err = server.CreateCredential(paxostest.Credential{Nickname: "vault-root",
		Scopes: slices.Concat(backendtest.RootScopes, backendtest.CredentialScopes)})
	if err != nil {
		t.Fatal(err)
	}
	m.secrets = append(m.secrets, m.Secret)
	m.startProcess()
	return m
}

// startProcess starts a plugin process on the storage as it is.
func (m *faultyMount) startProcess() {
	m.T.Helper()
	life := &process{label: fmt.Sprintf("plugin-%d.", processes.Add(1)), over: make(chan struct{}),
		testOver: make(chan struct{})}
	m.T.Cleanup(func() { close(life.testOver) })
	m.process = life
	m.proxy.process.Store(life)
	m.Limits = limits.New(limits.DefaultBudget)
	m.Storage = &backendtest.Storage{Storage: &faultyStorage{m.durable, life, m.injector}}
	logger := hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: m.Log, JSONFormat: true})
	factory := backend.NewFactory(backend.Options{Limits: m.Limits, Now: m.Clock.Now, Wait: m.Clock.Wait})
	inner, err := factory(context.Background(), &logical.BackendConfig{
		Logger: logger, System: m.System, StorageView: m.Storage, BackendUUID: "test-mount",
		Config: map[string]string{},
	})
	if err != nil {
		m.T.Fatal(err)
	}
	m.T.Cleanup(func() { inner.Cleanup(context.Background()) })
	m.Backend = grpcBackend{inner, life}
	if err := m.initialize(context.Background()); err != nil {
		m.T.Fatal(err)
	}
	if len(m.entries()) > 0 {
		m.awaitBackground()
		// it waits for what there is to do, which is nothing, and is cheaper
	} else if err := m.periodic(context.Background()); err != nil {
		m.T.Fatal(err)
	}
}

// initialize is what Vault does with a plugin process before its first request.
func (m *faultyMount) initialize(ctx context.Context) error {
	return m.Backend.Initialize(ctx, &logical.InitializationRequest{Storage: m.Storage})
}

// restart ends the plugin process and starts another.
func (m *faultyMount) restart() {
	m.T.Helper()
	m.forgetHolders()
	m.startProcess()
}

// awaitRefreshes waits for the refreshes that reads may have begun. There are none as long as no token
// is older than a quarter of an hour, unless Paxos ended a token, which another then replaces.
func (m *faultyMount) awaitRefreshes() {
	m.T.Helper()
	old := func(t paxostest.Token) bool { return m.Clock.Now().Sub(t.IssuedAt) >= 15*time.Minute-time.Minute }
	if len(m.endedByPaxos) > 0 || slices.ContainsFunc(m.Paxos.LiveTokens(), old) {
		m.awaitBackground()
	}
}

// settings is what is stored, without what belongs to tokens and bans, which is local to a cluster,
// and without what periodic work has seen at Paxos.
func (m *faultyMount) settings() map[string]string {
	m.T.Helper()
	all := m.entries()
	delete(all, "drift")
	for key, page := range all { // a payment may be on any page, and on more than one
		if strings.HasPrefix(key, "spending/") {
			delete(all, key)
			all["spending"] += page
		}
	}
	for _, local := range m.Backend.SpecialPaths().LocalStorage {
		maps.DeleteFunc(all, func(key, _ string) bool { return strings.HasPrefix(key, local) })
	}
	return all
}

// entries is everything that is stored.
func (m *faultyMount) entries() map[string]string {
	m.T.Helper()
	all := map[string]string{}
	keys, err := logical.CollectKeys(context.Background(), m.durable)
	if err != nil {
		m.T.Fatal(err)
	}
	for _, key := range keys {
		entry, err := m.durable.Get(context.Background(), key)
		if err != nil {
			m.T.Fatal(err)
		}
		if entry != nil {
			all[key] = string(entry.Value)
		}
	}
	return all
}

// recorded reports whether there is a record of a token.
func (m *faultyMount) recorded(fingerprint string) bool {
	return slices.ContainsFunc(slices.Collect(maps.Keys(m.entries())), func(key string) bool {
		return strings.HasSuffix(key, "/"+fingerprint)
	})
}

// restartAfterCrash starts another plugin process. The tokens that the crashed one had not recorded
// yet are excused: nobody can know of them.
func (m *faultyMount) restartAfterCrash() {
	m.T.Helper()
	for _, live := range m.Paxos.LiveTokens() {
		if !m.recorded(live.Fingerprint) {
			m.proxy.excuse(live.Fingerprint)
		}
	}
	m.forgetHolders()
	m.startProcess()
}

// forgetHolders notes that nobody can count the holders of the tokens any more that are alive now.
func (m *faultyMount) forgetHolders() {
	for _, live := range m.Paxos.LiveTokens() {
		m.holdersUnknown[live.Fingerprint] = true
	}
}

// send sends a request as Vault's core does: a write begins with the existence check.
func (m *faultyMount) send(ctx context.Context, operation logical.Operation, path string,
	data map[string]any) (*logical.Response, error) {
	plugin := m.Backend // of now: another may follow
	req := &logical.Request{Operation: operation, Path: path, Data: data, Storage: m.Storage, MountPoint: "paxos/",
		ID: "request"}
	if operation == logical.CreateOperation || operation == logical.UpdateOperation {
		req.Operation = logical.UpdateOperation
		found, exists, err := plugin.HandleExistenceCheck(ctx, req)
		if err != nil && !errors.Is(err, logical.ErrUnsupportedPath) {
			return nil, err
		}
		if found && !exists {
			req.Operation = logical.CreateOperation
		}
	}
	return plugin.HandleRequest(ctx, req)
}

// endLease ends a lease as Vault's expiration manager does.
func (m *faultyMount) endLease(ctx context.Context, l *lease) error {
	_, err := m.Backend.HandleRequest(ctx, &logical.Request{
		Operation: logical.RevokeOperation, Path: l.path, Storage: m.Storage, Secret: l.resp.Secret, Data: l.resp.Data,
	})
	return err
}

// periodic is what Vault does every minute.
func (m *faultyMount) periodic(ctx context.Context) error {
	resp, err := m.Backend.HandleRequest(ctx,
		&logical.Request{Operation: logical.RollbackOperation, Storage: m.Storage})
	if err == nil && resp.IsError() {
		return resp.Error()
	}
	return err
}

// register is what Vault does with an answer that holds a token or a client: it keeps the lease. It
// also checks the token against its role and against Paxos.
func (m *faultyMount) register(path string, resp *logical.Response) {
	m.T.Helper()
	if resp.Data["client_secret"] != nil {
		m.leases = append(m.leases, &lease{path: path, resp: resp})
		return
	}
	fingerprint, name := paxostest.Fingerprint(backendtest.Token(resp)), path[strings.LastIndex(path, "/")+1:]
	if resp.Secret != nil {
		m.leases = append(m.leases, &lease{path: path, resp: resp})
	}
	stored := fingerprint + m.entries()["roles/"+name]
	switch {
	case m.endedByPaxos[fingerprint]: // the engine may not know, and may be about to replace it
		return
	case !m.Paxos.Alive(backendtest.Token(resp)):
		m.T.Fatalf("%s answers a token that is dead at Paxos", path)
	case !m.recorded(fingerprint):
		m.T.Fatalf("%s answers a token that is not on record: the next process will not know of it", path)
	case m.checked[stored]:
		return
	}
	m.checked[stored] = true
	role, err := m.send(context.Background(), logical.ReadOperation, "roles/"+name, nil)
	if err != nil || role == nil {
		m.T.Fatalf("a token was issued under role %s, which cannot be read: %v", name, err)
	}
	m.checkScopes(path, fingerprint, strings.Fields(resp.Data["scope"].(string)),
		fmt.Sprint(role.Data["resolved_scopes"]))
	got := issuedToken{role: name, own: role.Data["unique_tokens"] == true, leased: resp.Secret != nil}
	if before, ok := m.issued[fingerprint]; ok && before.leased != got.leased {
		m.T.Fatalf("leased and unleased readers of %s share a token", path)
	}
	m.issued[fingerprint] = got
}

// recordAnswer keeps an answer, without the secrets that belong into it, so that checkSecrets can
// search it.
func (m *faultyMount) recordAnswer(resp *logical.Response, err error) {
	m.answers.WriteString(fmt.Sprintln(err))
	if resp == nil {
		return
	}
	m.answers.WriteString(fmt.Sprintln(resp.Warnings))
	for name, value := range resp.Data {
		if name != "access_token" && name != "client_secret" {
			m.answers.WriteString(fmt.Sprintln(name, value))
		}
	}
	if resp.Secret != nil {
		m.answers.WriteString(fmt.Sprintln(resp.Secret.InternalData))
	}
}

// read issues a token.
func (m *faultyMount) read(path string) {
	m.T.Helper()
	m.register(path, m.succeed(logical.ReadOperation, path, nil))
}

// write makes a write that has to succeed.
func (m *faultyMount) write(path string, data map[string]any) {
	m.T.Helper()
	m.succeed(logical.UpdateOperation, path, data)
}

// succeed makes a request that has to succeed.
func (m *faultyMount) succeed(operation logical.Operation, path string, data map[string]any) *logical.Response {
	m.T.Helper()
	resp, err := m.send(context.Background(), operation, path, data)
	if err != nil || resp.IsError() {
		m.T.Fatalf("%s %s: response %v, error %v", operation, path, resp, err)
	}
	return resp
}

// endFirstLease ends the first lease and moves it to the end of the list.
func (m *faultyMount) endFirstLease() {
	m.T.Helper()
	first := m.leases[0]
	m.leases, first.ended = append(m.leases[1:], first), true
	if err := m.endLease(context.Background(), first); err != nil {
		m.T.Fatal(err)
	}
}

// listRoles lists the names of the roles.
func (m *faultyMount) listRoles() []string {
	m.T.Helper()
	resp, err := m.send(context.Background(), logical.ListOperation, "roles/", nil)
	if err != nil {
		m.T.Fatalf("listing the roles: %v", err)
	}
	names, _ := resp.Data["keys"].([]any)
	var roles []string
	for _, name := range names {
		roles = append(roles, name.(string))
	}
	return roles
}
