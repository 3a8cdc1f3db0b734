package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// vendor creates a role that leases this number of stored clients, client-0 first.
func (m *mount) vendor(count int, more map[string]any) {
	m.Helper()
	var names []string
	for i := range count {
		credential, secret, err := m.paxos.CreateCredential(paxostest.Credential{Scopes: []string{profiles}})
		if err != nil {
			m.Fatal(err)
		}
		m.guard(secret)
		name := fmt.Sprintf("client-%d", i)
		m.write("clients/"+name, map[string]any{
			"client_id": credential.ClientID, "client_secret": secret, "scopes": profiles,
			"allowed_roles": "vendor", "purpose": "lease", "verify_connection": false,
		})
		names = append(names, name)
	}
	m.role("vendor", map[string]any{"credential_type": "client_credentials", "clients": names}, profiles)
	m.write("roles/vendor", more)
}

// stocked reads a stored client.
func (m *mount) stocked(name string) map[string]any {
	m.Helper()
	answer, err := m.client.Logical().ReadWithContext(m.Context(), m.path+"/clients/"+name)
	if err != nil || answer == nil {
		m.Fatalf("reading client %s: %v", name, err)
	}
	return answer.Data
}

// heldUntil returns when the lease of a client ends, as the engine has stored it.
func (m *mount) heldUntil(name string) time.Time {
	m.Helper()
	until, err := time.Parse(time.RFC3339, m.stocked(name)["held_until"].(string))
	if err != nil {
		m.Fatal(err)
	}
	return until
}

// TestRenewingTheLeaseOfAClient renews leases with Vault, and checks that the times of Vault and of the
// engine agree, up to the maximum of the role.
func TestRenewingTheLeaseOfAClient(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), paxostest.Options{})
	m.vendor(1, map[string]any{"ttl": "1m", "max_ttl": "10m"})
	answer, err := m.client.Logical().ReadWithContext(t.Context(), m.path+"/creds/vendor")
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if !answer.Renewable || answer.LeaseDuration < 55 || answer.LeaseDuration > 60 {
		t.Fatalf("a lease of %d s, renewable: %t", answer.LeaseDuration, answer.Renewable)
	}
	for _, renewal := range []struct{ increment, want time.Duration }{
		{5 * time.Minute, 5 * time.Minute}, {time.Minute, time.Minute}, {time.Hour, 10 * time.Minute},
	} {
		renewed, err := m.client.Sys().RenewWithContext(t.Context(), answer.LeaseID, int(renewal.increment.Seconds()))
		if err != nil {
			t.Fatal(err)
		}
		if got := time.Duration(renewed.LeaseDuration) * time.Second; !near(got, renewal.want) {
			t.Errorf("renewed by %s, the lease lasts %s, want %s", renewal.increment, got, renewal.want)
		}
		if got := m.heldUntil("client-0").Sub(began); !near(got, renewal.want) {
			t.Errorf("renewed by %s, the client is held for %s after the lease began, want %s", renewal.increment,
				got, renewal.want)
		}
	}
	m.revoke(answer.LeaseID)
	if _, err := m.client.Sys().RenewWithContext(t.Context(), answer.LeaseID, 60); err == nil {
		t.Error("a lease that has ended was renewed")
	}
	if got := m.stocked("client-0"); got["state"] != "quarantined" || got["held_until"] != "" {
		t.Errorf("after its lease the client is %v, held until %v", got["state"], got["held_until"])
	}
}

// near reports whether two times differ by less than a test may take.
func near(got, want time.Duration) bool {
	return got > want-15*time.Second && got < want+15*time.Second
}

// TestVaultAgentHoldsAClient checks that an agent with a client in a file renews the lease while it
// can, and then gets the next client.
func TestVaultAgentHoldsAClient(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), paxostest.Options{})
	m.vendor(2, map[string]any{"ttl": "6s", "max_ttl": "15s"})
	directory := t.TempDir()
	m.startAgent(directory, template{"client", "creds/vendor", "{{ .Data.client_id }}"})

	file := filepath.Join(directory, "client")
	m.awaitContent(file, m.stocked("client-0")["client_id"].(string))
	first := m.heldUntil("client-0")
	await(t, func() error {
		if got := m.stocked("client-0"); got["state"] != "leased" || !m.heldUntil("client-0").After(first) {
			return errors.New("the agent has not renewed the lease")
		}
		return nil
	})
	m.awaitContent(file, m.stocked("client-1")["client_id"].(string))
	if got := m.stocked("client-0")["state"]; got != "quarantined" {
		t.Errorf("when its lease could be renewed no longer, the client is %v", got)
	}
}

// awaitContent waits until the file has exactly this content.
func (m *mount) awaitContent(path, want string) {
	m.Helper()
	await(m.T, func() error {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if got := strings.TrimSpace(string(text)); got != want {
			return fmt.Errorf("the file holds client %s, want %s", got, want)
		}
		return nil
	})
}
