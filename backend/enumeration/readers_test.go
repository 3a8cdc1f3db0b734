package enumeration

import (
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// readerScenarios have readers report that Paxos rejects their token, and end tokens with a grace.
func readerScenarios() []scenario {
	all := []scenario{
		{operation: logical.UpdateOperation, path: "roles/mint/rotate", when: "with a grace",
			setUp: (*faultyMount).withTokens,
			data:  fixed(map[string]any{"grace": "4m"}), endsTokensOf: "mint"},
		{operation: logical.UpdateOperation, path: "roles/mint", when: "with fewer scopes and a grace",
			setUp: (*faultyMount).withTokens, data: fixed(map[string]any{"scopes": "funding:read_profile",
				"grace": "4m"}), endsTokensOf: "mint"},
		{operation: logical.DeleteOperation, path: "roles/mint", when: "with a grace", setUp: (*faultyMount).withTokens,
			data: fixed(map[string]any{"grace": "4m"}), endsTokensOf: "mint"},
		{operation: logical.UpdateOperation, path: "roles/mint/rotate", when: "while a grace lasts",
			setUp: (*faultyMount).withGrace, endsTokensOf: "mint"},
		{operation: logical.UpdateOperation, path: "lockdown", when: "while a grace lasts",
			setUp:        (*faultyMount).withGrace,
			endsTokensOf: "*"},
		{operation: logical.RollbackOperation, when: "with a grace that is over",
			setUp: (*faultyMount).withGraceOver, endsTokensOf: "mint"},
	}
	for path, leased := range map[string]bool{"creds/mint": true, "token/mint": false} {
		word := func(m *faultyMount) map[string]any { return map[string]any{rejectedField: m.tokenOfMint(leased)} }
		lose := func(m *faultyMount) { m.withTokens(); m.endAtPaxos(m.tokenOfMint(leased)) }
		all = append(all,
			scenario{operation: logical.UpdateOperation, path: path,
				when: "whose token is said to be rejected and is valid", setUp: (*faultyMount).withTokens, data: word,
				hasValidToken: true},
			scenario{operation: logical.UpdateOperation, path: path, when: "whose token is rejected", setUp: lose,
				data: word},
		)
	}
	return all
}

// rejectedField is the parameter by which a reader reports it.
const rejectedField = "rejected_token_id"

// tokenOfMint is the fingerprint of the token of the role called mint.
func (m *faultyMount) tokenOfMint(leased bool) string {
	m.T.Helper()
	for id, of := range m.issued {
		if of.role == "mint" && of.leased == leased {
			return id
		}
	}
	m.T.Fatal("no token was issued")
	return ""
}

// withGrace has tokens whose grace lasts.
func (m *faultyMount) withGrace() {
	m.withTokens()
	m.write("roles/mint/rotate", map[string]any{"grace": "20m"})
}

// withGraceOver has another plugin process at the end of such a grace. The timers of the earlier
// process are gone.
func (m *faultyMount) withGraceOver() {
	m.withGrace()
	m.Backend.Cleanup(m.T.Context())
	m.restart()
	m.Clock.Advance(20 * time.Minute)
}

// endAtPaxos has Paxos end a token that nobody revoked. Its leases count as ended.
func (m *faultyMount) endAtPaxos(fingerprint string) {
	m.endedByPaxos[fingerprint] = true
	tokens, _ := m.proxy.grants()
	for _, text := range tokens {
		if paxostest.Fingerprint(text) == fingerprint {
			m.Paxos.EndToken(text)
		}
	}
	for _, l := range m.leases {
		l.ended = l.ended || l.resp.Data["token_id"] == fingerprint
	}
}
