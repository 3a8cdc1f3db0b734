package enumeration

import (
	"slices"
	"time"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// connection is what config/connection has to hold for the stand-in Paxos behind the proxy.
func (m *faultyMount) connection() map[string]any {
	addresses := m.Mount.Connection()
	for name, url := range addresses {
		addresses[name] = m.proxy.address(url.(string))
	}
	return addresses
}

// configuration is what config has to hold.
func (m *faultyMount) configuration() map[string]any {
	return map[string]any{"environment": "custom", "client_id": m.Client.ClientID, "client_secret": m.Secret}
}

// connect tells the mount where Paxos is.
func (m *faultyMount) connect() { m.write("config/connection", m.connection()) }

// configure gives the mount its root client.
func (m *faultyMount) configure() {
	m.connect()
	m.write("config", m.configuration())
}

// withRoles has two roles: the readers of one share a token, those of the other get a token each.
// The secret is stored without asking Paxos.
func (m *faultyMount) withRoles() {
	m.connect()
	unverified := m.configuration()
	unverified["verify_connection"] = false
	m.write("config", unverified)
	m.write("roles/mint", map[string]any{"scopes": "funding:read_profile,transfer:read_transfer"})
	m.write("roles/own", map[string]any{"scopes": "funding:read_profile", "unique_tokens": true})
}

// withIdleTTLZero has a third role, whose token is not kept when nobody holds it.
func (m *faultyMount) withIdleTTLZero() {
	m.withRoles()
	m.write("roles/brief", map[string]any{"scopes": "transfer:read_transfer", "idle_ttl": 0})
}

// withTokens has tokens of each kind alive.
func (m *faultyMount) withTokens() {
	m.withRoles()
	m.read("creds/mint")
	m.read("token/mint")
	m.read("creds/own")
}

// withTokensOfAnotherProcess has a plugin process that did not issue the tokens that are alive.
func (m *faultyMount) withTokensOfAnotherProcess() {
	m.withTokens()
	m.restart()
}

// withPendingRevocations has tokens that Paxos did not revoke when it was asked to.
func (m *faultyMount) withPendingRevocations() {
	m.withTokens()
	m.write("roles/mint", map[string]any{"idle_ttl": 0})
	m.read("creds/own")
	m.Paxos.FailAll(paxostest.Revoke, paxostest.Fault{Status: 503})
	for range len(m.leases) {
		m.endFirstLease()
	}
	m.Paxos.Heal()
	m.Clock.Advance(time.Minute)
}

// withPendingRevocationsAfterRestart has a plugin process that found such tokens, while Paxos still
// revoked none.
func (m *faultyMount) withPendingRevocationsAfterRestart() {
	m.withPendingRevocations()
	m.Paxos.FailAll(paxostest.Revoke, paxostest.Fault{Status: 503})
	m.restart()
	m.Paxos.Heal()
	m.Clock.Advance(time.Minute)
}

// withLockdown puts the mount in lockdown.
func (m *faultyMount) withLockdown() {
	m.withTokens()
	m.write("lockdown", nil)
	for _, l := range m.leases {
		l.ended = true
	}
}

// withEverything has something of everything.
func (m *faultyMount) withEverything() {
	m.withTokens()
	m.read("creds/own")
	m.Paxos.FailAll(paxostest.Revoke, paxostest.Fault{Status: 503})
	m.leases = slices.Insert(m.leases[:len(m.leases)-1], 0, m.leases[len(m.leases)-1])
	m.endFirstLease()
	m.Paxos.Heal()
}

// pendingToken is the fingerprint of the token that Paxos did not revoke.
func (m *faultyMount) pendingToken() string {
	return m.leases[len(m.leases)-1].resp.Data["token_id"].(string)
}

// rotateSecret gives the root client a new secret in the Dashboard.
func (m *faultyMount) rotateSecret() {
	m.T.Helper()
	secret, err := m.Paxos.RotateCredential(m.Client.ClientID)
	if err != nil {
		m.T.Fatal(err)
	}
	m.Secret, m.secrets = secret, append(m.secrets, secret)
}

// allowListing lets the root client list the clients of its Paxos Entity.
func (m *faultyMount) allowListing() {
	m.EditClient(m.Client.ClientID, func(c *paxostest.Credential) {
		c.Scopes = append(c.Scopes, backendtest.ListScope)
	})
}

// anotherClient makes a second client in the Dashboard, which may take the root client's place.
func (m *faultyMount) anotherClient() {
	m.T.Helper()
	client, secret, err := m.Paxos.CreateCredential(paxostest.Credential{Nickname: "vault-next",
		Scopes: backendtest.RootScopes})
	if err != nil {
		m.T.Fatal(err)
	}
	m.Client, m.Secret, m.secrets = client, secret, append(m.secrets, secret)
}
