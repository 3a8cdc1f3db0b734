package backend_test

import (
	"context"
	"slices"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// connection is what config/connection is to hold for the stand-in behind the gate.
func (s *site) connection() map[string]any {
	addresses := s.mount.connection()
	for name, url := range addresses {
		addresses[name] = s.gate.address(url.(string))
	}
	return addresses
}

// configuration is what config is to hold.
func (s *site) configuration() map[string]any {
	return map[string]any{"environment": "custom", "client_id": s.client.ClientID, "client_secret": s.secret}
}

// connect says where Paxos is.
func (s *site) connect() { s.write("config/connection", s.connection()) }

// configure gives the mount its root client.
func (s *site) configure() {
	s.connect()
	s.write("config", s.configuration())
}

// prepare makes roles: one that shares a token, and one that gives each lease its
// own. That the secret is right is known without asking Paxos.
func (s *site) prepare() {
	s.connect()
	unverified := s.configuration()
	unverified["verify_connection"] = false
	s.write("config", unverified)
	s.write("roles/mint", map[string]any{"scopes": "funding:read_profile,transfer:read_transfer"})
	s.write("roles/own", map[string]any{"scopes": "funding:read_profile", "unique_tokens": true})
}

// hasten makes a role whose token is not kept when nobody holds it.
func (s *site) hasten() {
	s.prepare()
	s.write("roles/brief", map[string]any{"scopes": "transfer:read_transfer", "idle_ttl": 0})
}

// use has tokens of each kind alive.
func (s *site) use() {
	s.prepare()
	s.read("creds/mint")
	s.read("token/mint")
	s.read("creds/own")
}

// outlive has a plugin process that did not issue the tokens that live.
func (s *site) outlive() {
	s.use()
	s.rebirth()
}

// queue has tokens whose end Paxos did not take.
func (s *site) queue() {
	s.use()
	s.write("roles/mint", map[string]any{"idle_ttl": 0})
	s.read("creds/own")
	s.paxos.FailAll(paxostest.Revoke, paxostest.Fault{Status: 503})
	for range len(s.leases) {
		s.release()
	}
	s.paxos.Heal()
	s.clock.advance(time.Minute)
}

// resume has a plugin process that found tokens on the queue, and Paxos still away.
func (s *site) resume() {
	s.queue()
	s.paxos.FailAll(paxostest.Revoke, paxostest.Fault{Status: 503})
	s.rebirth()
	s.paxos.Heal()
	s.clock.advance(time.Minute)
}

// lock has locked the mount down.
func (s *site) lock() {
	s.use()
	s.write("lockdown", nil)
	for _, l := range s.leases {
		l.ended = true
	}
}

// crowd has something of everything.
func (s *site) crowd() {
	s.use()
	s.read("creds/own")
	s.paxos.FailAll(paxostest.Revoke, paxostest.Fault{Status: 503})
	s.leases = slices.Insert(s.leases[:len(s.leases)-1], 0, s.leases[len(s.leases)-1])
	s.release()
	s.paxos.Heal()
}

// queued is the fingerprint of the token whose end Paxos did not take.
func (s *site) queued() string { return s.leases[len(s.leases)-1].resp.Data["token_id"].(string) }

// read issues a token.
func (s *site) read(path string) {
	s.t.Helper()
	s.take(path, s.succeed(logical.ReadOperation, path, nil))
}

// write makes a write that has to succeed.
func (s *site) write(path string, data map[string]any) {
	s.t.Helper()
	s.succeed(logical.UpdateOperation, path, data)
}

// succeed makes a request that has to succeed.
func (s *site) succeed(operation logical.Operation, path string, data map[string]any) *logical.Response {
	s.t.Helper()
	resp, err := s.ask(context.Background(), operation, path, data)
	if err != nil || resp.IsError() {
		s.t.Fatalf("%s %s: response %v, error %v", operation, path, resp, err)
	}
	return resp
}

// release ends the first lease.
func (s *site) release() {
	s.t.Helper()
	first := s.leases[0]
	s.leases, first.ended = append(s.leases[1:], first), true
	if err := s.end(context.Background(), first); err != nil {
		s.t.Fatal(err)
	}
}

// rotateSecret gives the root client a new secret in the Dashboard.
func (s *site) rotateSecret() {
	s.t.Helper()
	secret, err := s.paxos.RotateCredential(s.client.ClientID)
	if err != nil {
		s.t.Fatal(err)
	}
	s.secret, s.secrets = secret, append(s.secrets, secret)
}

// mayList lets the root client list the Entity's credentials.
func (s *site) mayList() {
	s.edit(s.client.ClientID, func(c *paxostest.Credential) { c.Scopes = append(c.Scopes, listScope) })
}

// anotherClient makes a second client in the Dashboard, which a scene may put in
// the root's place.
func (s *site) anotherClient() {
	s.t.Helper()
	client, secret, err := s.paxos.CreateCredential(paxostest.Credential{Nickname: "vault-next", Scopes: rootScopes})
	if err != nil {
		s.t.Fatal(err)
	}
	s.client, s.secret, s.secrets = client, secret, append(s.secrets, secret)
}
