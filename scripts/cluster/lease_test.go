package cluster

import (
	"fmt"
	"vault-plugin-secrets-paxos/scripts/stack"
)

// leases returns the ids of all leases of a role that Vault has.
func (m *mount) leases(role string) map[string]bool {
	m.Helper()
	prefix := m.path + "/creds/" + role + "/"
	answer, err := m.client.Logical().ListWithContext(m.Context(), "sys/leases/lookup/"+prefix)
	if err != nil {
		m.Fatal(err)
	}
	kept := map[string]bool{}
	if answer == nil { // there are none
		return kept
	}
	names, _ := answer.Data["keys"].([]any)
	for _, name := range names {
		kept[prefix+fmt.Sprint(name)] = true
	}
	return kept
}

// noLeases returns an error while Vault has a lease of one of the roles.
func (m *mount) noLeases(roles ...string) error {
	m.Helper()
	for _, role := range roles {
		if left := len(m.leases(role)); left > 0 {
			return fmt.Errorf("%d leases of role %s are left", left, role)
		}
	}
	return nil
}

// revokeAll revokes all leases of the mount with the command that a person uses. It returns when
// Vault has put them on its queue.
func (m *mount) revokeAll() {
	m.Helper()
	leader := m.leader()
	said, err := leader.Command(m.Context(), leader.RootToken, nil, "lease", "revoke", "-prefix",
		m.path+"/creds/").CombinedOutput()
	if err != nil {
		m.Fatalf("%v: %s", err, said)
	}
}

// expectNoneIrrevocable fails the test if Vault has stopped trying to revoke a lease.
func (m *mount) expectNoneIrrevocable() {
	m.Helper()
	if count, err := stack.IrrevocableLeases(m.Context(), m.client); err != nil || count != 0 {
		m.Errorf("Vault has %d leases that it cannot revoke, error %v", count, err)
	}
}
