package backend_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/spec"
)

// emptyDefaults are defaults in words. A read of the entry shows them as an empty value.
var emptyDefaults = []string{"none", "the root client", "no limit", "no daily limit", "the system's certificates",
	"every scope that the other parameters allow"}

// unread are parameters that no entry keeps, or that no read shows.
var unread = []string{"client_secret", "proxy_password", "verify_connection", "force", "grace"}

// parameters are the descriptions of what a write of a path takes in its body, by name.
func (m *mount) parameters(pattern string) map[string]string {
	m.T.Helper()
	all := map[string]string{}
	var at any = m.Help("").Data["openapi"]
	for _, key := range []string{"paths", "/" + pattern, "post", "requestBody", "content", "application/json", "schema",
		"properties"} {
		at = at.(map[string]any)[key]
	}
	for name, property := range at.(map[string]any) {
		all[name] = property.(map[string]any)["description"].(string)
	}
	return all
}

// shown is how a description would state a value that was read.
func shown(name string, value any) string {
	switch v := value.(type) {
	case []any:
		return map[bool]string{true: "", false: fmt.Sprint(v)}[len(v) == 0]
	case map[string]any:
		return map[bool]string{true: "", false: fmt.Sprint(v)}[len(v) == 0]
	case float64:
		if strings.HasSuffix(name, "ttl") || slices.Contains([]string{"credential_max_age", "request_timeout",
			"poll_interval"}, name) {
			return input.Short(time.Duration(v) * time.Second)
		}
	}
	return fmt.Sprint(value)
}

// TestTheStatedDefaultIsTheRealOne writes entries of each kind with as little as they need, and
// compares what a read shows with what the descriptions say.
func TestTheStatedDefaultIsTheRealOne(t *testing.T) {
	t.Parallel()
	signing, pool := newSigningMount(t, nil), newPool(t, 1, nil)
	leasing := []string{"clients", "on_revoke", "max_leases_per_entity", "delete_limit", "require_entity"}
	for _, of := range []struct {
		mount         *mount
		pattern, path string
		write         map[string]any // nil: nothing is written
		but, only     []string
	}{
		{newMount(t), "config/connection", "config/connection", nil, nil, nil},
		{newMount(t), "config/guardrails", "config/guardrails", nil, nil, nil},
		{newMount(t), "config", "config", map[string]any{"environment": "sandbox"}, nil, nil},
		{newMount(t), "lockdown", "lockdown", map[string]any{}, nil, nil},
		{pool, "roles/{name}", "roles/app", map[string]any{"operations": "GetTransfer"}, leasing, nil},
		{pool, "roles/{name}", "roles/pool", map[string]any{"credential_type": "client_credentials", "clients": "c0"},
			nil, leasing},
		{pool, "clients/{name}", "clients/new", pool.newClient(), nil, nil},
		{pool, "scope-sets/{name}", "scope-sets/new", map[string]any{"scopes": "funding:read_profile"}, nil, nil},
		{signing, "keys/{name}", "keys/new", map[string]any{}, nil, nil},
		{signing, "signers/{name}", "signers/new", map[string]any{"key": "payments"}, nil, nil},
	} {
		if of.write != nil {
			of.mount.Must(logical.UpdateOperation, of.path, of.write)
		}
		read := of.mount.Must(logical.ReadOperation, of.path, nil).Data
		for name, description := range of.mount.parameters(of.pattern) {
			_, given := of.write[name]
			if given || slices.Contains(of.but, name) || of.only != nil && !slices.Contains(of.only, name) {
				continue
			}
			value, isRead := read[name]
			if isRead == slices.Contains(unread, name) {
				t.Errorf("%s: whether a read shows %s is %v", of.path, name, isRead)
			}
			if !isRead {
				continue
			}
			stated, _, _ := spec.Stated(description)
			if slices.Contains(emptyDefaults, stated) {
				stated = ""
			}
			stated, _, _ = strings.Cut(stated, ",") // what comes after it explains
			stated, _, _ = strings.Cut(stated, " (")
			if got := shown(name, value); got != stated {
				t.Errorf("%s: %s is %q if it is left out; the description says %q", of.path, name, got, description)
			}
		}
	}
}

// newClient is what a client needs to be stored.
func (m *mount) newClient() map[string]any {
	data := m.dashboard("vault-new", []string{leasedScope})
	data["purpose"], data["scopes"] = "mint", leasedScope
	return data
}

// TestEveryExampleIsTaken writes the example of each parameter to an entry that there is.
func TestEveryExampleIsTaken(t *testing.T) {
	t.Parallel()
	signing, pool, bare := newSigningMount(t, nil), newPool(t, 1, nil), newMount(t)
	for _, name := range []string{"vendor-1", "vendor-2"} {
		data := pool.newClient()
		data["purpose"], data["allowed_roles"] = "lease", "*"
		pool.Must(logical.UpdateOperation, "clients/"+name, data)
	}
	mint := pool.newClient()
	mint["allowed_roles"] = "*"
	pool.Must(logical.UpdateOperation, "clients/mint-1", mint)
	pool.Must(logical.UpdateOperation, "roles/app", map[string]any{"scopes": leasedScope})
	pool.Must(logical.UpdateOperation, "scope-sets/reporting", map[string]any{"scopes": leasedScope})
	bare.Must(logical.UpdateOperation, "config", map[string]any{"environment": "sandbox"})
	signing.Must(logical.UpdateOperation, "signers/payouts", map[string]any{"limits": "USDC=1000000",
		"operations": "CreateCryptoWithdrawal,AffirmTransaction"})
	leasing := []string{"clients", "on_revoke", "max_leases_per_entity", "delete_limit", "require_entity", "disabled"}
	for _, of := range []struct {
		mount         *mount
		pattern, path string
		but, only     []string // parameters that need another entry
	}{
		{bare, "config", "config", []string{"client_id"}, nil},
		{bare, "config/guardrails", "config/guardrails", nil, nil},
		{newMount(t), "config/connection", "config/connection", []string{"proxy_username"}, nil},
		{pool, "roles/{name}", "roles/app", append(leasing, "credential_type"), nil},
		{pool, "roles/{name}", "roles/vendor", nil, leasing},
		{pool, "clients/{name}", "clients/mint-1", []string{"client_id", "scopes"}, nil},
		{pool, "scope-sets/{name}", "scope-sets/reporting", nil, nil},
		{signing, "keys/{name}", "keys/payments", []string{"type", "client", "min_version"}, nil},
		{signing, "keys/{name}/kid", "keys/payments/kid", []string{"version", "discover", "client_id"}, nil},
		{signing, "signers/{name}", "signers/payouts", nil, nil},
		{signing, "lockdown", "lockdown", nil, nil},
	} {
		described := of.mount.parameters(of.pattern)
		for _, name := range slices.Sorted(maps.Keys(described)) {
			_, example, _ := spec.Stated(described[name])
			if strings.HasPrefix(example, "@") || slices.Contains(of.but, name) ||
				of.only != nil && !slices.Contains(of.only, name) {
				continue
			}
			resp, err := of.mount.Do(logical.UpdateOperation, of.path, map[string]any{name: example})
			if err == nil && resp.IsError() {
				err = resp.Error()
			}
			if err != nil {
				t.Errorf("%s %s=%s: %v", of.path, name, example, err)
			}
		}
	}
}
