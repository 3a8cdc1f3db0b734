package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// A harness is the engine with as much of Vault's HTTP API as a reader of a mount called paxos needs.
type harness struct {
	t       *testing.T
	backend logical.Backend
	storage logical.Storage
	paxos   *paxostest.Server
	root    paxostest.Credential
	vault   *api.Client

	complaints strings.Builder // what the program wrote beside its reports

	mu               sync.Mutex
	denied           []string // the beginnings of paths that the policies deny
	broken           string   // a path that answers with brokenStatus
	brokenStatus     int
	token, namespace string // of the latest request
}

// hostile is a Label and metadata with text that would change the page if it were not escaped.
const hostile = `</style><script>alert("label")</script><img src=x onerror=alert(1)>'; rm -rf /`

// newHarness returns a mount with a role that reads, a role that moves money, a signer for it, and a
// credential at Paxos that the mount does not know.
func newHarness(t *testing.T) *harness {
	t.Helper()
	h := newBareHarness(t)
	var secret string
	var err error
	if h.root, secret, err = h.paxos.CreateCredential(paxostest.Credential{Nickname: "root", ClientID: "root-client",
		Scopes: []string{
			"funding:read_profile", "transfer:read_transfer", "transfer:write_crypto_withdrawal",
			"api_creds:read_credentials",
		}, EnforceRequestSigning: true}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.paxos.CreateCredential(paxostest.Credential{Nickname: hostile, ClientID: "stranger",
		Scopes: []string{"funding:read_profile"}}); err != nil {
		t.Fatal(err)
	}
	h.must("config/connection", map[string]any{"token_url": h.paxos.TokenURL(), "revoke_url": h.paxos.RevokeURL(),
		"api_url": h.paxos.APIURL()})
	h.must("config", map[string]any{"environment": "custom", "client_id": h.root.ClientID, "client_secret": secret})
	h.must("roles/watch", map[string]any{"scopes": "funding:read_profile,transfer:read_transfer"})
	h.must("roles/pay", map[string]any{"scopes": "transfer:write_crypto_withdrawal"})
	h.must("keys/payments", nil)
	h.must("signers/payouts", map[string]any{"key": "payments", "operations": "CreateCryptoWithdrawal",
		"sources": "profile-1", "destinations": "crypto:ETHEREUM:0xaa", "limits": map[string]any{"USDC": "100"},
		"daily_limits": map[string]any{"USDC": "500"}, "metadata": map[string]any{"team": hostile}})
	return h
}

// newBareHarness returns a mount without a configuration.
func newBareHarness(t *testing.T) *harness {
	t.Helper()
	h := &harness{t: t, storage: &logical.InmemStorage{}}
	paxos, err := paxostest.Start(paxostest.Options{TokenLimit: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(paxos.Close)
	h.paxos = paxos
	if h.backend, err = backend.NewFactory(backend.Options{Limits: limits.New(limits.DefaultBudget)})(
		t.Context(), &logical.BackendConfig{
			StorageView: h.storage, System: &logical.StaticSystemView{
				DefaultLeaseTTLVal: time.Hour, MaxLeaseTTLVal: time.Hour,
				ReplicationStateVal: consts.ReplicationPerformanceDisabled | consts.ReplicationDRDisabled,
			}, BackendUUID: "mount",
		}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.backend.Cleanup(context.Background()) })
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	config := api.DefaultConfig()
	config.Address = server.URL
	if h.vault, err = api.NewClient(config); err != nil {
		t.Fatal(err)
	}
	h.vault.SetToken("token")
	return h
}

// must writes to the engine, and fails the test if the engine refuses.
func (h *harness) must(path string, data map[string]any) {
	h.t.Helper()
	var operation logical.Operation = logical.UpdateOperation
	if strings.HasPrefix(path, "roles/") || strings.HasPrefix(path, "exceptions/") ||
		strings.HasPrefix(path, "keys/") || strings.HasPrefix(path, "signers/") || strings.HasPrefix(path, "clients/") {
		operation = logical.CreateOperation
	}
	resp, err := h.backend.HandleRequest(h.t.Context(),
		&logical.Request{Operation: operation, Path: path, Data: data, Storage: h.storage})
	if err != nil || resp.IsError() {
		h.t.Fatalf("%s: %v %v", path, resp, err)
	}
}

// lease reads a client of a role, as a holder of a Vault token with this name.
func (h *harness) lease(role, holder string) {
	h.t.Helper()
	resp, err := h.backend.HandleRequest(h.t.Context(), &logical.Request{Operation: logical.ReadOperation,
		Path: "creds/" + role, Storage: h.storage, DisplayName: holder, EntityID: "entity-1"})
	if err != nil || resp.IsError() || resp.Secret == nil {
		h.t.Fatalf("creds/%s: %v %v", role, resp, err)
	}
}

// ServeHTTP answers a read as Vault does.
func (h *harness) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ours := strings.CutPrefix(r.URL.Path, "/v1/paxos/")
	h.mu.Lock()
	h.token, h.namespace = r.Header.Get("X-Vault-Token"), r.Header.Get("X-Vault-Namespace")
	denied := slices.ContainsFunc(h.denied, func(beginning string) bool { return strings.HasPrefix(path, beginning) })
	broken, status := path == h.broken, h.brokenStatus
	h.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	answer := func(status int, body any) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body) // if it fails, the reader gets no answer and the test fails
	}
	switch {
	case !ours || r.Method != http.MethodGet:
		answer(http.StatusNotFound, map[string]any{"errors": []string{}})
		return
	case broken:
		answer(status, map[string]any{"errors": []string{"1 error occurred:\n\t* broken on purpose\n\n"}})
		return
	case denied:
		answer(http.StatusForbidden, map[string]any{"errors": []string{"permission denied"}})
		return
	}
	req := &logical.Request{Operation: logical.ReadOperation, Path: path, Storage: h.storage, MountPoint: "paxos/",
		Data: map[string]any{}}
	for name := range r.URL.Query() {
		req.Data[name] = r.URL.Query().Get(name)
	}
	if req.Data["list"] == "true" {
		delete(req.Data, "list")
		req.Operation, req.Path = logical.ListOperation, path+"/"
	}
	resp, err := h.backend.HandleRequest(r.Context(), req)
	status, err = logical.RespondErrorCommon(req, resp, err)
	if err != nil {
		logical.AdjustErrorStatusCode(&status, err)
		answer(status, map[string]any{"errors": []string{err.Error()}})
		return
	}
	answer(http.StatusOK, map[string]any{"data": resp.Data, "warnings": resp.Warnings})
}

// report reads the mount and writes the report, as the program does.
func (h *harness) report(wanted settings) (text string, code int) {
	h.t.Helper()
	if wanted.mount == "" {
		wanted.mount = "paxos"
	}
	var out strings.Builder
	code, err := report(h.t.Context(), h.vault, wanted, atNoon, &out, &h.complaints)
	if err != nil {
		h.t.Fatal(err)
	}
	return out.String(), code
}

// deny makes the policies deny reads of paths with one of these beginnings, and of no others.
func (h *harness) deny(beginnings ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.denied = beginnings
}

// breakPath makes a path answer with a status, and no other.
func (h *harness) breakPath(path string, status int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.broken, h.brokenStatus = path, status
}

// atNoon is the time at which every page is written.
var atNoon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
