package enumeration

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// leasingRole is the role that leases clients.
const leasingRole = "vendor"

// dashboardClient makes a client in the Dashboard. It returns the data by which Vault stores it.
func (m *faultyMount) dashboardClient() map[string]any {
	m.T.Helper()
	made, secret, err := m.Paxos.CreateCredential(paxostest.Credential{Nickname: "vault-leased",
		Scopes: backendtest.RootScopes})
	if err != nil {
		m.T.Fatal(err)
	}
	m.secrets = append(m.secrets, secret)
	return map[string]any{"client_id": made.ClientID, "client_secret": secret, "scopes": backendtest.RootScopes,
		"allowed_roles": leasingRole, "purpose": "lease"}
}

// withStockedClients has two stored clients and a role that leases them.
func (m *faultyMount) withStockedClients() {
	m.withTokens()
	m.write("clients/c0", m.dashboardClient())
	m.write("clients/c1", m.dashboardClient())
	m.write("roles/"+leasingRole,
		map[string]any{"credential_type": "client_credentials", "clients": "c0,c1", "ttl": "1h"})
	m.Clock.Advance(3 * time.Minute) // by then the process knows all its mounts
}

// withLeasedClient has one of the two on a lease, which is the first lease.
func (m *faultyMount) withLeasedClient() {
	m.withStockedClients()
	m.leaseClient()
}

// leaseClient reads the role that leases clients, and makes the new lease the first.
func (m *faultyMount) leaseClient() {
	m.read("creds/" + leasingRole)
	last := len(m.leases) - 1
	m.leases = slices.Insert(m.leases[:last], 0, m.leases[last])
}

// withLeasedClientToDelete is withLeasedClient where the client is to be deleted afterwards.
func (m *faultyMount) withLeasedClientToDelete() {
	m.withStockedClients()
	m.write("roles/"+leasingRole, map[string]any{"on_revoke": "delete"})
	m.leaseClient()
}

// withPendingDeletion has a client that is to be deleted at Paxos and could not be deleted yet.
func (m *faultyMount) withPendingDeletion() {
	m.withLeasedClientToDelete()
	m.Paxos.FailAll(paxostest.ListCredentials, paxostest.Fault{Status: 503})
	m.endFirstLease()
	m.awaitBackground()
	m.Paxos.Heal()
	m.Clock.Advance(time.Minute)
}

// withStoppedMount has a mount that stopped issuing by itself, because nothing was heard of it for
// too long.
func (m *faultyMount) withStoppedMount() {
	m.withStockedClients()
	for range 2 {
		if err := m.periodic(context.Background()); err != nil {
			m.T.Fatal(err)
		}
		m.Clock.Advance(2 * time.Hour)
	}
}

// clientScenarios store, change, lease and promote clients.
func clientScenarios() []scenario {
	lease := func(when string, state func(*faultyMount)) scenario {
		return scenario{operation: logical.RevokeOperation, path: "a lease", when: when, setUp: state, lease: true}
	}
	var secret string
	all := []scenario{
		{operation: logical.CreateOperation, path: "clients/new", when: "on a mount in use",
			setUp: (*faultyMount).withTokens,
			data:  (*faultyMount).dashboardClient},
		{operation: logical.UpdateOperation, path: "clients/c0", when: "for another role",
			setUp: (*faultyMount).withStockedClients,
			data:  fixed(map[string]any{"allowed_roles": "mint"})},
		{operation: logical.PatchOperation, path: "clients/c0", when: "to disable it",
			setUp: (*faultyMount).withStockedClients,
			data:  fixed(map[string]any{"disabled": true})},
		{operation: logical.DeleteOperation, path: "clients/c0", when: "that is stocked",
			setUp: (*faultyMount).withStockedClients},
		{operation: logical.UpdateOperation, path: "clients/c0/rotate", when: "with a new secret",
			setUp: (*faultyMount).withStockedClients, data: func(m *faultyMount) map[string]any {
				read := m.succeed(logical.ReadOperation, "clients/c0", nil)
				var err error
				if secret, err = m.Paxos.RotateCredential(fmt.Sprint(read.Data["client_id"])); err != nil {
					m.T.Fatal(err)
				}
				m.secrets = append(m.secrets, secret)
				return map[string]any{"client_secret": secret}
			}, refusesRepeat: true},
		{operation: logical.UpdateOperation, path: "config/promote-standby", when: "with one in stock",
			setUp: func(m *faultyMount) {
				m.withTokens()
				standby := m.dashboardClient()
				standby["purpose"] = "standby"
				m.write("clients/s1", standby)
				m.succeed(logical.ReadOperation, "report/drift", map[string]any{"refresh": true}) // shows its Entity
			}, mayStandAlone: "root", refusesRepeat: true},
		{operation: logical.UpdateOperation, path: "config/resume", when: "on a mount that stopped itself",
			setUp: (*faultyMount).withStoppedMount},
		{operation: logical.ReadOperation, path: "creds/" + leasingRole, when: "with clients free",
			setUp: (*faultyMount).withStockedClients},
		lease("of a client", (*faultyMount).withLeasedClient),
		lease("of a client after a restart", func(m *faultyMount) { m.withLeasedClient(); m.restart() }),
		{operation: logical.RevokeOperation, path: "a lease", when: "of a client to be deleted",
			setUp: (*faultyMount).withLeasedClientToDelete, lease: true, extraRequests: 3},
		{operation: logical.RollbackOperation, when: "with a client to be deleted",
			setUp: (*faultyMount).withPendingDeletion, extraRequests: 3},
		{operation: logical.RollbackOperation, when: "with a client overdue", setUp: func(m *faultyMount) {
			m.withLeasedClient()
			m.Clock.Advance(61 * time.Minute)
		}},
	}
	for i := range all {
		all[i].extraRequests++ // periodic work asks Paxos which clients there are
	}
	return all
}
