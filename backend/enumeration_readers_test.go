package backend_test

import (
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// readerScenes have readers say that Paxos rejects their token, and take tokens away with a grace.
func readerScenes() []scene {
	all := []scene{
		{operation: logical.UpdateOperation, path: "roles/mint/rotate", when: "with a grace", state: (*site).use,
			data: with(map[string]any{"grace": "4m"}), ends: "mint"},
		{operation: logical.UpdateOperation, path: "roles/mint", when: "with fewer scopes and a grace",
			state: (*site).use, data: with(map[string]any{"scopes": "funding:read_profile",
				"grace": "4m"}), ends: "mint"},
		{operation: logical.DeleteOperation, path: "roles/mint", when: "with a grace", state: (*site).use,
			data: with(map[string]any{"grace": "4m"}), ends: "mint"},
		{operation: logical.UpdateOperation, path: "roles/mint/rotate", when: "while a grace lasts",
			state: (*site).grant, ends: "mint"},
		{operation: logical.UpdateOperation, path: "lockdown", when: "while a grace lasts", state: (*site).grant,
			ends: "*"},
		{operation: logical.RollbackOperation, when: "with a grace that is over", state: (*site).outwait, ends: "mint"},
	}
	for path, leased := range map[string]bool{"creds/mint": true, "token/mint": false} {
		word := func(s *site) map[string]any { return map[string]any{rejectedField: s.latest(leased)} }
		lose := func(s *site) { s.use(); s.lose(s.latest(leased)) }
		all = append(all,
			scene{operation: logical.UpdateOperation, path: path,
				when: "whose token is said to be rejected and lives", state: (*site).use, data: word, serves: true},
			scene{operation: logical.UpdateOperation, path: path, when: "whose token is rejected", state: lose,
				data: word},
		)
	}
	return all
}

// rejectedField is the parameter of a reader's word.
const rejectedField = "rejected_token_id"

// latest is the fingerprint of the token of the role called mint.
func (s *site) latest(leased bool) string {
	s.t.Helper()
	for id, of := range s.issued {
		if of.role == "mint" && of.leased == leased {
			return id
		}
	}
	s.t.Fatal("no token was issued")
	return ""
}

// grant has tokens whose grace lasts.
func (s *site) grant() {
	s.use()
	s.write("roles/mint/rotate", map[string]any{"grace": "20m"})
}

// outwait has another plugin process at the end of such a grace. The timers of the one before went
// with it.
func (s *site) outwait() {
	s.grant()
	s.backend.Cleanup(s.t.Context())
	s.rebirth()
	s.clock.advance(20 * time.Minute)
}

// lose has Paxos end a token that nobody revoked. Its leases are of no use any more.
func (s *site) lose(fingerprint string) {
	s.lost[fingerprint] = true
	tokens, _ := s.gate.known()
	for _, text := range tokens {
		if paxostest.Fingerprint(text) == fingerprint {
			s.paxos.EndToken(text)
		}
	}
	for _, l := range s.leases {
		l.ended = l.ended || l.resp.Data["token_id"] == fingerprint
	}
}

// believed reports whether Paxos's API said of a token that it is not accepted: then the token is
// dead to the engine, its holder.
func (f fault) believed() bool {
	return f.what == string(paxostest.Operations) && f.kind == "answers 401"
}
