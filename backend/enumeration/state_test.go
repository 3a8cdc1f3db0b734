package enumeration

import (
	"context"
	"slices"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// connection is what config/connection is to hold for the stand-in behind the gate.
func (s *faultyMount) connection() map[string]any {
	addresses := s.Mount.Connection()
	for name, url := range addresses {
		addresses[name] = s.proxy.address(url.(string))
	}
	return addresses
}

// configuration is what config is to hold.
func (s *faultyMount) configuration() map[string]any {
	return map[string]any{"environment": "custom", "client_id": s.Client.ClientID, "client_secret": s.Secret}
}

// connect says where Paxos is.
func (s *faultyMount) connect() { s.write("config/connection", s.connection()) }

// configure gives the mount its root client.
func (s *faultyMount) configure() {
	s.connect()
	s.write("config", s.configuration())
}

// prepare makes roles: one that shares a token, and one that gives each lease its
// own. That the secret is right is known without asking Paxos.
func (s *faultyMount) withRoles() {
	s.connect()
	unverified := s.configuration()
	unverified["verify_connection"] = false
	s.write("config", unverified)
	s.write("roles/mint", map[string]any{"scopes": "funding:read_profile,transfer:read_transfer"})
	s.write("roles/own", map[string]any{"scopes": "funding:read_profile", "unique_tokens": true})
}

// hasten makes a role whose token is not kept when nobody holds it.
func (s *faultyMount) withIdleTTLZero() {
	s.withRoles()
	s.write("roles/brief", map[string]any{"scopes": "transfer:read_transfer", "idle_ttl": 0})
}

// use has tokens of each kind alive.
func (s *faultyMount) withTokens() {
	s.withRoles()
	s.read("creds/mint")
	s.read("token/mint")
	s.read("creds/own")
}

// outlive has a plugin process that did not issue the tokens that live.
func (s *faultyMount) withTokensOfAnotherProcess() {
	s.withTokens()
	s.restart()
}

// queue has tokens whose end Paxos did not take.
func (s *faultyMount) withPendingRevocations() {
	s.withTokens()
	s.write("roles/mint", map[string]any{"idle_ttl": 0})
	s.read("creds/own")
	s.Paxos.FailAll(paxostest.Revoke, paxostest.Fault{Status: 503})
	for range len(s.leases) {
		s.endFirstLease()
	}
	s.Paxos.Heal()
	s.Clock.Advance(time.Minute)
}

// resume has a plugin process that found tokens on the queue, and Paxos still away.
func (s *faultyMount) withPendingRevocationsAfterRestart() {
	s.withPendingRevocations()
	s.Paxos.FailAll(paxostest.Revoke, paxostest.Fault{Status: 503})
	s.restart()
	s.Paxos.Heal()
	s.Clock.Advance(time.Minute)
}

// lock has locked the mount down.
func (s *faultyMount) withLockdown() {
	s.withTokens()
	s.write("lockdown", nil)
	for _, l := range s.leases {
		l.ended = true
	}
}

// crowd has something of everything.
func (s *faultyMount) withEverything() {
	s.withTokens()
	s.read("creds/own")
	s.Paxos.FailAll(paxostest.Revoke, paxostest.Fault{Status: 503})
	s.leases = slices.Insert(s.leases[:len(s.leases)-1], 0, s.leases[len(s.leases)-1])
	s.endFirstLease()
	s.Paxos.Heal()
}

// queued is the fingerprint of the token whose end Paxos did not take.
func (s *faultyMount) pendingToken() string {
	return s.leases[len(s.leases)-1].resp.Data["token_id"].(string)
}

// read issues a token.
func (s *faultyMount) read(path string) {
	s.T.Helper()
	s.register(path, s.succeed(logical.ReadOperation, path, nil))
}

// write makes a write that has to succeed.
func (s *faultyMount) write(path string, data map[string]any) {
	s.T.Helper()
	s.succeed(logical.UpdateOperation, path, data)
}

// succeed makes a request that has to succeed.
func (s *faultyMount) succeed(operation logical.Operation, path string, data map[string]any) *logical.Response {
	s.T.Helper()
	resp, err := s.send(context.Background(), operation, path, data)
	if err != nil || resp.IsError() {
		s.T.Fatalf("%s %s: response %v, error %v", operation, path, resp, err)
	}
	return resp
}

// release ends the first lease.
func (s *faultyMount) endFirstLease() {
	s.T.Helper()
	first := s.leases[0]
	s.leases, first.ended = append(s.leases[1:], first), true
	if err := s.endLease(context.Background(), first); err != nil {
		s.T.Fatal(err)
	}
}

// rotateSecret gives the root client a new secret in the Dashboard.
func (s *faultyMount) rotateSecret() {
	s.T.Helper()
	secret, err := s.Paxos.RotateCredential(s.Client.ClientID)
	if err != nil {
		s.T.Fatal(err)
	}
	s.Secret, s.secrets = secret, append(s.secrets, secret)
}

// mayList lets the root client list the Entity's credentials.
func (s *faultyMount) allowListing() {
	s.EditClient(s.Client.ClientID, func(c *paxostest.Credential) { c.Scopes = append(c.Scopes, backendtest.ListScope) })
}

// anotherClient makes a second client in the Dashboard, which a scene may put in
// the root's place.
func (s *faultyMount) anotherClient() {
	s.T.Helper()
	client, secret, err := s.Paxos.CreateCredential(paxostest.Credential{Nickname: "vault-next", Scopes: backendtest.RootScopes})
	if err != nil {
		s.T.Fatal(err)
	}
	s.Client, s.Secret, s.secrets = client, secret, append(s.secrets, secret)
}
