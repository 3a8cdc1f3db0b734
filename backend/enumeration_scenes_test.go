package backend_test

import (
	"slices"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// scenes are the states that matter to an operation. Operations without one here
// get theirs by declaredScenes.
func scenes() []scene {
	return slices.Concat(settingScenes(), roleScenes(), scopeScenes(), issuingScenes(), endingScenes(),
		clientScenes(), readerScenes(), exceptionScenes())
}

// with makes the data of a request that is the same on every site.
func with(data map[string]any) func(*site) map[string]any {
	return func(*site) map[string]any { return data }
}

// settingScenes write what an operator sets for the whole mount.
func settingScenes() []scene {
	return []scene{
		{operation: logical.UpdateOperation, path: "config/connection", when: "on a new mount",
			state: func(*site) {}, data: (*site).connection},
		{operation: logical.UpdateOperation, path: "config", when: "on a new mount", state: (*site).connect,
			data: (*site).configuration, alone: "root"},
		{operation: logical.UpdateOperation, path: "config", when: "with a new secret", state: func(s *site) {
			s.use()
			s.rotateSecret()
		}, data: func(s *site) map[string]any {
			return map[string]any{"client_secret": s.secret, "refresh_at": 0.6}
		}, alone: "root"},
		{operation: logical.UpdateOperation, path: "config", when: "with a wrong secret", state: (*site).use,
			data: with(map[string]any{"client_secret": "wrong"}), refused: true},
		{operation: logical.DeleteOperation, path: "config", when: "with nothing alive", state: (*site).configure,
			alone: "root"},
		{operation: logical.DeleteOperation, path: "config", when: "with tokens alive", state: (*site).use,
			refused: true},
		{operation: logical.DeleteOperation, path: "config", when: "by force", state: (*site).use,
			data: with(map[string]any{"force": true}), alone: "root", ends: "*", abandons: true},
		{operation: logical.UpdateOperation, path: "config/connection", when: "to another host", state: (*site).use,
			data: func(s *site) map[string]any {
				return map[string]any{"token_url": s.gate.elsewhere.URL + "/oauth2/token"}
			}, refused: true},
		{operation: logical.PatchOperation, path: "config/connection", when: "to wait longer", state: (*site).use,
			data: with(map[string]any{"request_timeout": 12})},
		{operation: logical.UpdateOperation, path: "config/rotate-root", when: "on a mount in use",
			state: func(s *site) { s.use(); s.rotateSecret() }, data: func(s *site) map[string]any {
				return map[string]any{"client_secret": s.secret}
			}, once: true},
		{operation: logical.UpdateOperation, path: "config/replace-root", when: "on a mount in use",
			state: func(s *site) { s.use(); s.anotherClient() }, data: func(s *site) map[string]any {
				return map[string]any{"client_id": s.client.ClientID, "client_secret": s.secret}
			}, once: true},
		{operation: logical.ReadOperation, path: "report/drift", when: "without asking", state: (*site).use},
		{operation: logical.ReadOperation, path: "report/drift", when: "by a root that may not list",
			state: (*site).use, data: with(map[string]any{"refresh": true})},
		{operation: logical.ReadOperation, path: "report/drift", when: "by a root that may list",
			state: func(s *site) { s.use(); s.mayList() }, data: with(map[string]any{"refresh": true})},
		{operation: logical.UpdateOperation, path: "config/guardrails", when: "below a role", state: (*site).use,
			data: with(map[string]any{"allowed_scopes": "funding:*"}), ends: "mint"},
		{operation: logical.UpdateOperation, path: "lockdown", when: "on a mount in use", state: (*site).use,
			ends: "*"},
		{operation: logical.DeleteOperation, path: "lockdown", when: "while it is in force", state: (*site).lock},
		{operation: logical.DeleteOperation, path: "revocations/{queued}", when: "to give a token up",
			state: func(s *site) { s.crowd(); s.gate.orphan(s.queued()) }, pathOf: func(s *site) string {
				return "revocations/" + s.queued()
			}},
	}
}

// roleScenes write roles.
func roleScenes() []scene {
	return []scene{
		{operation: logical.CreateOperation, path: "roles/new", when: "on a mount in use", state: (*site).use,
			data: with(map[string]any{"scopes": "funding:read_profile"})},
		{operation: logical.UpdateOperation, path: "roles/mint", when: "with fewer scopes", state: (*site).use,
			data: with(map[string]any{"scopes": "funding:read_profile"}), ends: "mint"},
		{operation: logical.PatchOperation, path: "roles/mint", when: "to disable it", state: (*site).use,
			data: with(map[string]any{"disabled": true}), ends: "mint"},
		{operation: logical.DeleteOperation, path: "roles/mint", when: "on a mount in use", state: (*site).use,
			ends: "mint"},
		{operation: logical.UpdateOperation, path: "roles/mint/rotate", when: "on a mount in use",
			state: (*site).use, ends: "mint"},
		{operation: logical.UpdateOperation, path: "roles/mint/rotate", when: "after a restart",
			state: (*site).outlive, ends: "mint"},
		{operation: logical.UpdateOperation, path: "roles/own/rotate", when: "on a mount in use",
			state: (*site).use, ends: "own"},
	}
}

// issuingScenes read tokens.
func issuingScenes() []scene {
	var all []scene
	for _, path := range []string{"creds/mint", "token/mint"} {
		all = append(all,
			scene{operation: logical.ReadOperation, path: path, when: "for the first time", state: (*site).prepare},
			scene{operation: logical.UpdateOperation, path: path, when: "for fewer scopes", state: (*site).use,
				data: with(map[string]any{"scopes": "funding:read_profile"})},
		)
	}
	return append(all,
		scene{operation: logical.ReadOperation, path: "creds/mint", when: "after a restart", state: (*site).outlive,
			serves: true},
		scene{operation: logical.ReadOperation, path: "creds/mint", when: "with a refresh due",
			state: func(s *site) { s.use(); s.clock.advance(50 * time.Minute) }, serves: true},
		scene{operation: logical.ReadOperation, path: "creds/mint", when: "with little life left",
			state: func(s *site) { s.use(); s.clock.advance(57 * time.Minute) }, serves: true},
		scene{operation: logical.ReadOperation, path: "creds/own", when: "for the first time", state: (*site).prepare},
		scene{operation: logical.ReadOperation, path: "creds/mint", when: "after another node wrote",
			state: func(s *site) {
				s.use()
				s.forgetHolders()
				s.backend.InvalidateKey(s.t.Context(), "ledger/another")
			}, serves: true},
	)
}

// endingScenes end leases, and do the periodic work.
func endingScenes() []scene {
	lease := func(when string, state func(*site)) scene {
		return scene{operation: logical.RevokeOperation, path: "a lease", when: when, state: state, lease: true}
	}
	periodic := func(when string, state func(*site)) scene {
		return scene{operation: logical.RollbackOperation, when: when, state: state}
	}
	tainted := func(state func(*site)) func(*site) {
		return func(s *site) { state(s); s.system.tainted.Store(true) }
	}
	return []scene{
		lease("of a shared token kept idle", func(s *site) { s.prepare(); s.read("creds/mint") }),
		lease("of a shared token not kept idle", func(s *site) { s.hasten(); s.read("creds/brief") }),
		lease("of a shared token that others hold", func(s *site) {
			s.hasten()
			s.read("creds/brief")
			s.read("creds/brief")
		}),
		lease("of a shared token after a restart", func(s *site) { s.hasten(); s.read("creds/brief"); s.rebirth() }),
		lease("of a shared token that others hold, after a restart", func(s *site) {
			s.hasten()
			s.read("creds/brief")
			s.read("creds/brief")
			s.rebirth()
		}),
		lease("of a shared token that others hold since before a restart", func(s *site) {
			s.hasten()
			s.read("creds/brief")
			s.rebirth()
			s.read("creds/brief")
			slices.Reverse(s.leases)
		}),
		lease("of an own token", func(s *site) { s.prepare(); s.read("creds/own") }),
		lease("of an own token after a restart", func(s *site) { s.prepare(); s.read("creds/own"); s.rebirth() }),
		lease("of an expired token", func(s *site) { s.prepare(); s.read("creds/own"); s.clock.advance(time.Hour) }),
		lease("of an own token while the mount is disabled",
			tainted(func(s *site) { s.prepare(); s.read("creds/own") })),
		lease("of a shared token while the mount is disabled",
			tainted(func(s *site) { s.hasten(); s.read("creds/brief") })),
		periodic("with nothing to do", (*site).use),
		periodic("with tokens queued", (*site).queue),
		periodic("with a comparison due", func(s *site) {
			s.use()
			s.mayList()
			s.succeed(logical.ReadOperation, "report/drift", map[string]any{"refresh": true})
			s.clock.advance(time.Hour)
		}),
		periodic("with tokens queued, after a restart", (*site).resume),
		{operation: initializing, when: "with tokens queued", state: (*site).resume},
		{operation: initializing, when: "in a lockdown", state: func(s *site) { s.lock(); s.rebirth() }, ends: "*"},
		periodic("with an idle token", func(s *site) {
			s.prepare()
			s.read("creds/mint")
			s.release()
			s.clock.advance(6 * time.Minute)
		}),
		periodic("with expired tokens, a past ban and an old secret", func(s *site) {
			s.use()
			s.rotateSecret()
			s.write("config", map[string]any{"client_secret": s.secret})
			s.paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Status: 429})
			s.refused(logical.ReadOperation, "creds/own", nil)
			s.clock.advance(2 * time.Hour)
		}),
		{operation: logical.RollbackOperation, when: "while the mount is disabled", state: tainted((*site).use),
			ends: "*"},
	}
}
