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

// poolRole leases clients.
const leasingRole = "vendor"

// dashboardClient makes a client in the Dashboard, and says what stocks it.
func (s *faultyMount) dashboardClient() map[string]any {
	s.T.Helper()
	made, secret, err := s.Paxos.CreateCredential(paxostest.Credential{Nickname: "vault-leased", Scopes: backendtest.RootScopes})
	if err != nil {
		s.T.Fatal(err)
	}
	s.secrets = append(s.secrets, secret)
	return map[string]any{"client_id": made.ClientID, "client_secret": secret, "scopes": backendtest.RootScopes,
		"allowed_roles": leasingRole, "purpose": "lease"}
}

// shelve has two stocked clients and a role that leases them.
func (s *faultyMount) withStockedClients() {
	s.withTokens()
	s.write("clients/c0", s.dashboardClient())
	s.write("clients/c1", s.dashboardClient())
	s.write("roles/"+leasingRole, map[string]any{"credential_type": "client_credentials", "clients": "c0,c1", "ttl": "1h"})
	s.Clock.Advance(3 * time.Minute) // by then the process knows all its mounts
}

// lend has one of them out on a lease, the first of all.
func (s *faultyMount) withLeasedClient() {
	s.withStockedClients()
	s.leaseClient()
}

// borrow reads the role, and makes its lease the first of all.
func (s *faultyMount) leaseClient() {
	s.read("creds/" + leasingRole)
	last := len(s.leases) - 1
	s.leases = slices.Insert(s.leases[:last], 0, s.leases[last])
}

// lendForGood is lend where the client is to be deleted afterwards.
func (s *faultyMount) withLeasedClientToDelete() {
	s.withStockedClients()
	s.write("roles/"+leasingRole, map[string]any{"on_revoke": "delete"})
	s.leaseClient()
}

// condemn has a client that is to be deleted and could not be.
func (s *faultyMount) withPendingDeletion() {
	s.withLeasedClientToDelete()
	s.Paxos.FailAll(paxostest.ListCredentials, paxostest.Fault{Status: 503})
	s.endFirstLease()
	backendtest.WaitUntil(s.T, func() bool { return !s.busy() })
	s.Paxos.Heal()
	s.Clock.Advance(time.Minute)
}

// stop has a mount that stopped itself after a gap.
func (s *faultyMount) withStoppedMount() {
	s.withStockedClients()
	for range 2 {
		if err := s.periodic(context.Background()); err != nil {
			s.T.Fatal(err)
		}
		s.Clock.Advance(2 * time.Hour)
	}
}

// clientScenes stock, change, lease and promote clients.
func clientScenarios() []scenario {
	lease := func(when string, state func(*faultyMount)) scenario {
		return scenario{operation: logical.RevokeOperation, path: "a lease", when: when, setUp: state, lease: true}
	}
	var secret string
	all := []scenario{
		{operation: logical.CreateOperation, path: "clients/new", when: "on a mount in use", setUp: (*faultyMount).withTokens,
			data: (*faultyMount).dashboardClient},
		{operation: logical.UpdateOperation, path: "clients/c0", when: "for another role", setUp: (*faultyMount).withStockedClients,
			data: fixed(map[string]any{"allowed_roles": "mint"})},
		{operation: logical.PatchOperation, path: "clients/c0", when: "to disable it", setUp: (*faultyMount).withStockedClients,
			data: fixed(map[string]any{"disabled": true})},
		{operation: logical.DeleteOperation, path: "clients/c0", when: "that is stocked", setUp: (*faultyMount).withStockedClients},
		{operation: logical.UpdateOperation, path: "clients/c0/rotate", when: "with a new secret",
			setUp: (*faultyMount).withStockedClients, data: func(s *faultyMount) map[string]any {
				read := s.succeed(logical.ReadOperation, "clients/c0", nil)
				var err error
				if secret, err = s.Paxos.RotateCredential(fmt.Sprint(read.Data["client_id"])); err != nil {
					s.T.Fatal(err)
				}
				s.secrets = append(s.secrets, secret)
				return map[string]any{"client_secret": secret}
			}, refusesRepeat: true},
		{operation: logical.UpdateOperation, path: "config/promote-standby", when: "with one in stock",
			setUp: func(s *faultyMount) {
				s.withTokens()
				standby := s.dashboardClient()
				standby["purpose"] = "standby"
				s.write("clients/s1", standby)
				s.succeed(logical.ReadOperation, "report/drift", map[string]any{"refresh": true}) // shows its Entity
			}, mayStandAlone: "root", refusesRepeat: true},
		{operation: logical.UpdateOperation, path: "config/resume", when: "on a mount that stopped itself",
			setUp: (*faultyMount).withStoppedMount},
		{operation: logical.ReadOperation, path: "creds/" + leasingRole, when: "with clients free", setUp: (*faultyMount).withStockedClients},
		lease("of a client", (*faultyMount).withLeasedClient),
		lease("of a client after a restart", func(s *faultyMount) { s.withLeasedClient(); s.restart() }),
		{operation: logical.RevokeOperation, path: "a lease", when: "of a client to be deleted",
			setUp: (*faultyMount).withLeasedClientToDelete, lease: true, extraRequests: 3},
		{operation: logical.RollbackOperation, when: "with a client to be deleted", setUp: (*faultyMount).withPendingDeletion, extraRequests: 3},
		{operation: logical.RollbackOperation, when: "with a client overdue", setUp: func(s *faultyMount) {
			s.withLeasedClient()
			s.Clock.Advance(61 * time.Minute)
		}},
	}
	for i := range all {
		all[i].extraRequests++ // periodic work asks Paxos which clients there are
	}
	return all
}

// judgeClients checks that no client is out on a lease that is over, nor to be deleted
// for ever, that none was deleted whose role does not say so, and that none is deleted
// at Paxos and stocked all the same.
func (p *run) checkClients() {
	p.T.Helper()
	p.succeed(logical.UpdateOperation, "config/resume", nil) // hours have passed
	p.tick()
	status := map[string]string{}
	for _, c := range p.Paxos.Credentials() {
		status[c.ClientID] = c.Status
		if c.ClientID == p.Client.ClientID && c.Status != "APPROVED" {
			p.T.Fatal("I7: the root client was deleted")
		}
	}
	for _, name := range []string{"c0", "c1", "new"} {
		read := p.succeed(logical.ReadOperation, "clients/"+name, nil)
		if read == nil {
			continue
		}
		switch state := read.Data["state"]; {
		case state == "leased" || state == "revoking":
			p.T.Fatalf("I6: client %s is %s long after every lease has ended", name, state)
		case state == "available" && status[fmt.Sprint(read.Data["client_id"])] != "APPROVED":
			p.T.Fatalf("I7: client %s is available in Vault and deleted at Paxos", name)
		}
	}
}
