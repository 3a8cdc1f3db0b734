package backend_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
)

// leaseAs reads the vendor role with a Vault token, as a plugin sees it, that belongs to no entity.
func (m *mount) leaseAs(clientToken, request string) (*logical.Response, error) {
	m.T.Helper()
	resp, err := m.Backend.HandleRequest(context.Background(), &logical.Request{
		Operation: logical.ReadOperation, Path: "creds/vendor", Storage: m.Storage, ID: request,
		ClientToken: clientToken,
	})
	if err == nil && resp.IsError() {
		err = resp.Error()
	}
	return resp, err
}

// TestWithoutAnEntityAVaultTokenIsTheHolder leases to batch tokens, which have no accessor.
func TestWithoutAnEntityAVaultTokenIsTheHolder(t *testing.T) {
	t.Parallel()
	m := newPool(t, 3, nil)
	for i, clientToken := range []string{"salted-one", "salted-two"} {
		if _, err := m.leaseAs(clientToken, fmt.Sprint("first-", i)); err != nil {
			t.Errorf("the first lease of a token without an entity: %v", err)
		}
		if _, err := m.leaseAs(clientToken, fmt.Sprint("second-", i)); err == nil {
			t.Error("one token leased two clients, max_leases_per_entity is 1")
		}
	}
	if strings.Contains(m.Stored(), "salted-one") {
		t.Error("the Vault token is stored")
	}
}

// TestRequireEntity refuses callers that belong to no entity, and makes the role one that an older
// plugin refuses.
func TestRequireEntity(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, map[string]any{"require_entity": true})
	if _, err := m.leaseAs("salted", "r1"); err == nil || !strings.Contains(err.Error(), "require_entity") {
		t.Errorf("a caller without an entity got: %v", err)
	}
	if got := m.state("c0"); got != "available" {
		t.Errorf("the client is %s", got)
	}
	m.leased("e1")
	if read := m.Must(logical.ReadOperation, "roles/vendor", nil); read.Data["require_entity"] != true {
		t.Errorf("the role reads back as %v", read.Data)
	}
	schema := func() string {
		_, role, _ := strings.Cut(m.Stored(), "roles/vendor=")
		return strings.SplitN(role, ",", 2)[0]
	}
	if got := schema(); got != `{"schema":2` {
		t.Errorf("the role is stored as %s", got)
	}
	m.Must(logical.PatchOperation, "roles/vendor", map[string]any{"require_entity": false})
	if got := schema(); got != `{"schema":1` {
		t.Errorf("without the restriction the role is stored as %s", got)
	}
	if status, text := m.Refused(logical.UpdateOperation, "roles/app",
		map[string]any{"scopes": leasedScope, "require_entity": true}); status != 400 {
		t.Errorf("require_entity on a role of tokens: %d %s", status, text)
	}
}

// TestALargePoolHoldsTheLockNoLonger counts what a check-out reads and writes in pools of 2 and of
// 40 clients.
func TestALargePoolHoldsTheLockNoLonger(t *testing.T) {
	t.Parallel()
	counts := map[int]int64{}
	for _, size := range []int{2, 40} {
		m := newPool(t, 0, map[string]any{"clients": "c0"})
		var names []string
		for i := range size {
			names = append(names, fmt.Sprint("c", i))
			m.stock(names[i], "vault-pool", map[string]any{"verify_connection": false})
		}
		m.Must(logical.UpdateOperation, "roles/vendor", map[string]any{"clients": append(names, "not-stored")})
		m.leased("e1") // what is remembered from now on
		before := m.Storage.Operations.Load()
		m.leased("e2")
		counts[size] = m.Storage.Operations.Load() - before
	}
	if counts[2] != counts[40] {
		t.Errorf("a check-out takes %d storage operations in a pool of 2, %d in one of 40", counts[2], counts[40])
	}
	t.Logf("a check-out takes %d storage operations", counts[40])
}
