package backend_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// credentialScopes are what the root needs to list and delete clients.
var credentialScopes = []string{"api_creds:read_credentials", "api_creds:delete_credentials"}

// poolRole leases clients.
const poolRole = "vendor"

// dashboardClient makes a client in the Dashboard, and says what stocks it.
func (s *site) dashboardClient() map[string]any {
	s.t.Helper()
	made, secret, err := s.paxos.CreateCredential(paxostest.Credential{Nickname: "vault-leased", Scopes: rootScopes})
	if err != nil {
		s.t.Fatal(err)
	}
	s.secrets = append(s.secrets, secret)
	return map[string]any{"client_id": made.ClientID, "client_secret": secret, "scopes": rootScopes,
		"allowed_roles": poolRole, "purpose": "lease"}
}

// shelve has two stocked clients and a role that leases them.
func (s *site) shelve() {
	s.use()
	s.write("clients/c0", s.dashboardClient())
	s.write("clients/c1", s.dashboardClient())
	s.write("roles/"+poolRole, map[string]any{"credential_type": "client_credentials", "clients": "c0,c1", "ttl": "1h"})
	s.clock.advance(3 * time.Minute) // by then the process knows all its mounts
}

// lend has one of them out on a lease, the first of all.
func (s *site) lend() {
	s.shelve()
	s.borrow()
}

// borrow reads the role, and makes its lease the first of all.
func (s *site) borrow() {
	s.read("creds/" + poolRole)
	last := len(s.leases) - 1
	s.leases = slices.Insert(s.leases[:last], 0, s.leases[last])
}

// lendForGood is lend where the client is to be deleted afterwards.
func (s *site) lendForGood() {
	s.shelve()
	s.write("roles/"+poolRole, map[string]any{"on_revoke": "delete"})
	s.borrow()
}

// condemn has a client that is to be deleted and could not be.
func (s *site) condemn() {
	s.lendForGood()
	s.paxos.FailAll(paxostest.ListCredentials, paxostest.Fault{Status: 503})
	s.release()
	waitUntil(s.t, func() bool { return !s.busy() })
	s.paxos.Heal()
	s.clock.advance(time.Minute)
}

// stop has a mount that stopped itself after a gap.
func (s *site) stop() {
	s.shelve()
	for range 2 {
		if err := s.work(context.Background()); err != nil {
			s.t.Fatal(err)
		}
		s.clock.advance(2 * time.Hour)
	}
}

// clientScenes stock, change, lease and promote clients.
func clientScenes() []scene {
	lease := func(when string, state func(*site)) scene {
		return scene{operation: logical.RevokeOperation, path: "a lease", when: when, state: state, lease: true}
	}
	var secret string
	all := []scene{
		{operation: logical.CreateOperation, path: "clients/new", when: "on a mount in use", state: (*site).use,
			data: (*site).dashboardClient},
		{operation: logical.UpdateOperation, path: "clients/c0", when: "for another role", state: (*site).shelve,
			data: with(map[string]any{"allowed_roles": "mint"})},
		{operation: logical.PatchOperation, path: "clients/c0", when: "to disable it", state: (*site).shelve,
			data: with(map[string]any{"disabled": true})},
		{operation: logical.DeleteOperation, path: "clients/c0", when: "that is stocked", state: (*site).shelve},
		{operation: logical.UpdateOperation, path: "clients/c0/rotate", when: "with a new secret",
			state: (*site).shelve, data: func(s *site) map[string]any {
				read := s.succeed(logical.ReadOperation, "clients/c0", nil)
				var err error
				if secret, err = s.paxos.RotateCredential(fmt.Sprint(read.Data["client_id"])); err != nil {
					s.t.Fatal(err)
				}
				s.secrets = append(s.secrets, secret)
				return map[string]any{"client_secret": secret}
			}, once: true},
		{operation: logical.UpdateOperation, path: "config/promote-standby", when: "with one in stock",
			state: func(s *site) {
				s.use()
				standby := s.dashboardClient()
				standby["purpose"] = "standby"
				s.write("clients/s1", standby)
				s.succeed(logical.ReadOperation, "report/drift", map[string]any{"refresh": true}) // shows its Entity
			}, alone: "root", once: true},
		{operation: logical.UpdateOperation, path: "config/resume", when: "on a mount that stopped itself",
			state: (*site).stop},
		{operation: logical.ReadOperation, path: "creds/" + poolRole, when: "with clients free", state: (*site).shelve},
		lease("of a client", (*site).lend),
		lease("of a client after a restart", func(s *site) { s.lend(); s.rebirth() }),
		{operation: logical.RevokeOperation, path: "a lease", when: "of a client to be deleted",
			state: (*site).lendForGood, lease: true, unasked: 3},
		{operation: logical.RollbackOperation, when: "with a client to be deleted", state: (*site).condemn, unasked: 3},
		{operation: logical.RollbackOperation, when: "with a client overdue", state: func(s *site) {
			s.lend()
			s.clock.advance(61 * time.Minute)
		}},
	}
	for i := range all {
		all[i].unasked++ // periodic work asks Paxos which clients there are
	}
	return all
}

// judgeClients checks that no client is out on a lease that is over, nor to be deleted
// for ever, that none was deleted whose role does not say so, and that none is deleted
// at Paxos and stocked all the same.
func (p *trial) judgeClients() {
	p.t.Helper()
	p.succeed(logical.UpdateOperation, "config/resume", nil) // hours have passed
	p.tickOnce()
	status := map[string]string{}
	for _, c := range p.paxos.Credentials() {
		status[c.ClientID] = c.Status
		if c.ClientID == p.client.ClientID && c.Status != "APPROVED" {
			p.t.Fatal("I7: the root client was deleted")
		}
	}
	for _, name := range []string{"c0", "c1", "new"} {
		read := p.succeed(logical.ReadOperation, "clients/"+name, nil)
		if read == nil {
			continue
		}
		switch state := read.Data["state"]; {
		case state == "leased" || state == "revoking":
			p.t.Fatalf("I6: client %s is %s long after every lease has ended", name, state)
		case state == "available" && status[fmt.Sprint(read.Data["client_id"])] != "APPROVED":
			p.t.Fatalf("I7: client %s is available in Vault and deleted at Paxos", name)
		}
	}
}
