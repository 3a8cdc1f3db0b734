package enumeration

import (
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// readerScenes have readers say that Paxos rejects their token, and take tokens away with a grace.
func readerScenarios() []scenario {
	all := []scenario{
		{operation: logical.UpdateOperation, path: "roles/mint/rotate", when: "with a grace", setUp: (*faultyMount).withTokens,
			data: fixed(map[string]any{"grace": "4m"}), endsTokensOf: "mint"},
		{operation: logical.UpdateOperation, path: "roles/mint", when: "with fewer scopes and a grace",
			setUp: (*faultyMount).withTokens, data: fixed(map[string]any{"scopes": "funding:read_profile",
				"grace": "4m"}), endsTokensOf: "mint"},
		{operation: logical.DeleteOperation, path: "roles/mint", when: "with a grace", setUp: (*faultyMount).withTokens,
			data: fixed(map[string]any{"grace": "4m"}), endsTokensOf: "mint"},
		{operation: logical.UpdateOperation, path: "roles/mint/rotate", when: "while a grace lasts",
			setUp: (*faultyMount).withGrace, endsTokensOf: "mint"},
		{operation: logical.UpdateOperation, path: "lockdown", when: "while a grace lasts", setUp: (*faultyMount).withGrace,
			endsTokensOf: "*"},
		{operation: logical.RollbackOperation, when: "with a grace that is over", setUp: (*faultyMount).withGraceOver, endsTokensOf: "mint"},
	}
	for path, leased := range map[string]bool{"creds/mint": true, "token/mint": false} {
		word := func(s *faultyMount) map[string]any { return map[string]any{rejectedField: s.tokenOfMint(leased)} }
		lose := func(s *faultyMount) { s.withTokens(); s.endAtPaxos(s.tokenOfMint(leased)) }
		all = append(all,
			scenario{operation: logical.UpdateOperation, path: path,
				when: "whose token is said to be rejected and lives", setUp: (*faultyMount).withTokens, data: word, hasValidToken: true},
			scenario{operation: logical.UpdateOperation, path: path, when: "whose token is rejected", setUp: lose,
				data: word},
		)
	}
	return all
}

// rejectedField is the parameter of a reader's word.
const rejectedField = "rejected_token_id"

// latest is the fingerprint of the token of the role called mint.
func (s *faultyMount) tokenOfMint(leased bool) string {
	s.T.Helper()
	for id, of := range s.issued {
		if of.role == "mint" && of.leased == leased {
			return id
		}
	}
	s.T.Fatal("no token was issued")
	return ""
}

// grant has tokens whose grace lasts.
func (s *faultyMount) withGrace() {
	s.withTokens()
	s.write("roles/mint/rotate", map[string]any{"grace": "20m"})
}

// outwait has another plugin process at the end of such a grace. The timers of the one before went
// with it.
func (s *faultyMount) withGraceOver() {
	s.withGrace()
	s.Backend.Cleanup(s.T.Context())
	s.restart()
	s.Clock.Advance(20 * time.Minute)
}

// lose has Paxos end a token that nobody revoked. Its leases are of no use any more.
func (s *faultyMount) endAtPaxos(fingerprint string) {
	s.endedByPaxos[fingerprint] = true
	tokens, _ := s.proxy.grants()
	for _, text := range tokens {
		if paxostest.Fingerprint(text) == fingerprint {
			s.Paxos.EndToken(text)
		}
	}
	for _, l := range s.leases {
		l.ended = l.ended || l.resp.Data["token_id"] == fingerprint
	}
}

// believed reports whether Paxos's API said of a token that it is not accepted: then the token is
// dead to the engine, its holder.
func (f fault) rejectsToken() bool {
	return f.what == string(paxostest.Operations) && f.kind == "answers 401"
}
