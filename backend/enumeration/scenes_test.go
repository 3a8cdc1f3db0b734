package enumeration

import (
	"slices"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// scenes are the states that matter to an operation. Operations without one here
// get theirs by declaredScenes.
func scenarios() []scenario {
	return slices.Concat(settingScenarios(), roleScenarios(), scopeScenarios(), issuingScenarios(), endingScenarios(),
		clientScenarios(), readerScenarios(), exceptionScenarios())
}

// with makes the data of a request that is the same on every site.
func fixed(data map[string]any) func(*faultyMount) map[string]any {
	return func(*faultyMount) map[string]any { return data }
}

// settingScenes write what an operator sets for the whole mount.
func settingScenarios() []scenario {
	return []scenario{
		{operation: logical.UpdateOperation, path: "config/connection", when: "on a new mount",
			setUp: func(*faultyMount) {}, data: (*faultyMount).connection},
		{operation: logical.UpdateOperation, path: "config", when: "on a new mount", setUp: (*faultyMount).connect,
			data: (*faultyMount).configuration, mayStandAlone: "root"},
		{operation: logical.UpdateOperation, path: "config", when: "with a new secret", setUp: func(s *faultyMount) {
			s.withTokens()
			s.rotateSecret()
		}, data: func(s *faultyMount) map[string]any {
			return map[string]any{"client_secret": s.Secret, "refresh_at": 0.6}
		}, mayStandAlone: "root"},
		{operation: logical.UpdateOperation, path: "config", when: "with a wrong secret", setUp: (*faultyMount).withTokens,
			data: fixed(map[string]any{"client_secret": "wrong"}), refused: true},
		{operation: logical.DeleteOperation, path: "config", when: "with nothing alive", setUp: (*faultyMount).configure,
			mayStandAlone: "root"},
		{operation: logical.DeleteOperation, path: "config", when: "with tokens alive", setUp: (*faultyMount).withTokens,
			refused: true},
		{operation: logical.DeleteOperation, path: "config", when: "by force", setUp: (*faultyMount).withTokens,
			data: fixed(map[string]any{"force": true}), mayStandAlone: "root", endsTokensOf: "*", losesRevokers: true},
		{operation: logical.UpdateOperation, path: "config/connection", when: "to another host", setUp: (*faultyMount).withTokens,
			data: func(s *faultyMount) map[string]any {
				return map[string]any{"token_url": s.proxy.otherHost.URL + "/oauth2/token"}
			}, refused: true},
		{operation: logical.PatchOperation, path: "config/connection", when: "to wait longer", setUp: (*faultyMount).withTokens,
			data: fixed(map[string]any{"request_timeout": 12})},
		{operation: logical.UpdateOperation, path: "config/rotate-root", when: "on a mount in use",
			setUp: func(s *faultyMount) { s.withTokens(); s.rotateSecret() }, data: func(s *faultyMount) map[string]any {
				return map[string]any{"client_secret": s.Secret}
			}, refusesRepeat: true},
		{operation: logical.UpdateOperation, path: "config/replace-root", when: "on a mount in use",
			setUp: func(s *faultyMount) { s.withTokens(); s.anotherClient() }, data: func(s *faultyMount) map[string]any {
				return map[string]any{"client_id": s.Client.ClientID, "client_secret": s.Secret}
			}, refusesRepeat: true},
		{operation: logical.ReadOperation, path: "report/drift", when: "without asking", setUp: (*faultyMount).withTokens},
		{operation: logical.ReadOperation, path: "report/drift", when: "by a root that may not list",
			setUp: (*faultyMount).withTokens, data: fixed(map[string]any{"refresh": true})},
		{operation: logical.ReadOperation, path: "report/drift", when: "by a root that may list",
			setUp: func(s *faultyMount) { s.withTokens(); s.allowListing() }, data: fixed(map[string]any{"refresh": true})},
		{operation: logical.UpdateOperation, path: "config/guardrails", when: "below a role", setUp: (*faultyMount).withTokens,
			data: fixed(map[string]any{"allowed_scopes": "funding:*"}), endsTokensOf: "mint"},
		{operation: logical.UpdateOperation, path: "lockdown", when: "on a mount in use", setUp: (*faultyMount).withTokens,
			endsTokensOf: "*"},
		{operation: logical.DeleteOperation, path: "lockdown", when: "while it is in force", setUp: (*faultyMount).withLockdown},
		{operation: logical.DeleteOperation, path: "revocations/{queued}", when: "to give a token up",
			setUp: func(s *faultyMount) { s.withEverything(); s.proxy.excuse(s.pendingToken()) }, pathOf: func(s *faultyMount) string {
				return "revocations/" + s.pendingToken()
			}},
	}
}

// roleScenes write roles.
func roleScenarios() []scenario {
	return []scenario{
		{operation: logical.CreateOperation, path: "roles/new", when: "on a mount in use", setUp: (*faultyMount).withTokens,
			data: fixed(map[string]any{"scopes": "funding:read_profile"})},
		{operation: logical.UpdateOperation, path: "roles/mint", when: "with fewer scopes", setUp: (*faultyMount).withTokens,
			data: fixed(map[string]any{"scopes": "funding:read_profile"}), endsTokensOf: "mint"},
		{operation: logical.PatchOperation, path: "roles/mint", when: "to disable it", setUp: (*faultyMount).withTokens,
			data: fixed(map[string]any{"disabled": true}), endsTokensOf: "mint"},
		{operation: logical.DeleteOperation, path: "roles/mint", when: "on a mount in use", setUp: (*faultyMount).withTokens,
			endsTokensOf: "mint"},
		{operation: logical.UpdateOperation, path: "roles/mint/rotate", when: "on a mount in use",
			setUp: (*faultyMount).withTokens, endsTokensOf: "mint"},
		{operation: logical.UpdateOperation, path: "roles/mint/rotate", when: "after a restart",
			setUp: (*faultyMount).withTokensOfAnotherProcess, endsTokensOf: "mint"},
		{operation: logical.UpdateOperation, path: "roles/own/rotate", when: "on a mount in use",
			setUp: (*faultyMount).withTokens, endsTokensOf: "own"},
	}
}

// issuingScenes read tokens.
func issuingScenarios() []scenario {
	var all []scenario
	for _, path := range []string{"creds/mint", "token/mint"} {
		all = append(all,
			scenario{operation: logical.ReadOperation, path: path, when: "for the first time", setUp: (*faultyMount).withRoles},
			scenario{operation: logical.UpdateOperation, path: path, when: "for fewer scopes", setUp: (*faultyMount).withTokens,
				data: fixed(map[string]any{"scopes": "funding:read_profile"})},
		)
	}
	return append(all,
		scenario{operation: logical.ReadOperation, path: "creds/mint", when: "after a restart", setUp: (*faultyMount).withTokensOfAnotherProcess,
			hasValidToken: true},
		scenario{operation: logical.ReadOperation, path: "creds/mint", when: "with a refresh due",
			setUp: func(s *faultyMount) { s.withTokens(); s.Clock.Advance(50 * time.Minute) }, hasValidToken: true},
		scenario{operation: logical.ReadOperation, path: "creds/mint", when: "with little life left",
			setUp: func(s *faultyMount) { s.withTokens(); s.Clock.Advance(57 * time.Minute) }, hasValidToken: true},
		scenario{operation: logical.ReadOperation, path: "creds/own", when: "for the first time", setUp: (*faultyMount).withRoles},
		scenario{operation: logical.ReadOperation, path: "creds/mint", when: "after another node wrote",
			setUp: func(s *faultyMount) {
				s.withTokens()
				s.forgetHolders()
				s.Backend.InvalidateKey(s.T.Context(), "ledger/another")
			}, hasValidToken: true},
	)
}

// endingScenes end leases, and do the periodic work.
func endingScenarios() []scenario {
	lease := func(when string, state func(*faultyMount)) scenario {
		return scenario{operation: logical.RevokeOperation, path: "a lease", when: when, setUp: state, lease: true}
	}
	periodic := func(when string, state func(*faultyMount)) scenario {
		return scenario{operation: logical.RollbackOperation, when: when, setUp: state}
	}
	tainted := func(state func(*faultyMount)) func(*faultyMount) {
		return func(s *faultyMount) { state(s); s.System.Disabling.Store(true) }
	}
	return []scenario{
		lease("of a shared token kept idle", func(s *faultyMount) { s.withRoles(); s.read("creds/mint") }),
		lease("of a shared token not kept idle", func(s *faultyMount) { s.withIdleTTLZero(); s.read("creds/brief") }),
		lease("of a shared token that others hold", func(s *faultyMount) {
			s.withIdleTTLZero()
			s.read("creds/brief")
			s.read("creds/brief")
		}),
		lease("of a shared token after a restart", func(s *faultyMount) { s.withIdleTTLZero(); s.read("creds/brief"); s.restart() }),
		lease("of a shared token that others hold, after a restart", func(s *faultyMount) {
			s.withIdleTTLZero()
			s.read("creds/brief")
			s.read("creds/brief")
			s.restart()
		}),
		lease("of a shared token that others hold since before a restart", func(s *faultyMount) {
			s.withIdleTTLZero()
			s.read("creds/brief")
			s.restart()
			s.read("creds/brief")
			slices.Reverse(s.leases)
		}),
		lease("of an own token", func(s *faultyMount) { s.withRoles(); s.read("creds/own") }),
		lease("of an own token after a restart", func(s *faultyMount) { s.withRoles(); s.read("creds/own"); s.restart() }),
		lease("of an expired token", func(s *faultyMount) { s.withRoles(); s.read("creds/own"); s.Clock.Advance(time.Hour) }),
		lease("of an own token while the mount is disabled",
			tainted(func(s *faultyMount) { s.withRoles(); s.read("creds/own") })),
		lease("of a shared token while the mount is disabled",
			tainted(func(s *faultyMount) { s.withIdleTTLZero(); s.read("creds/brief") })),
		periodic("with nothing to do", (*faultyMount).withTokens),
		periodic("with tokens queued", (*faultyMount).withPendingRevocations),
		periodic("with a comparison due", func(s *faultyMount) {
			s.withTokens()
			s.allowListing()
			s.succeed(logical.ReadOperation, "report/drift", map[string]any{"refresh": true})
			s.Clock.Advance(time.Hour)
		}),
		periodic("with tokens queued, after a restart", (*faultyMount).withPendingRevocationsAfterRestart),
		{operation: initializing, when: "with tokens queued", setUp: (*faultyMount).withPendingRevocationsAfterRestart},
		{operation: initializing, when: "in a lockdown", setUp: func(s *faultyMount) { s.withLockdown(); s.restart() }, endsTokensOf: "*"},
		periodic("with an idle token", func(s *faultyMount) {
			s.withRoles()
			s.read("creds/mint")
			s.endFirstLease()
			s.Clock.Advance(6 * time.Minute)
		}),
		periodic("with expired tokens, a past ban and an old secret", func(s *faultyMount) {
			s.withTokens()
			s.rotateSecret()
			s.write("config", map[string]any{"client_secret": s.Secret})
			s.Paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Status: 429})
			s.Refused(logical.ReadOperation, "creds/own", nil)
			s.Clock.Advance(2 * time.Hour)
		}),
		{operation: logical.RollbackOperation, when: "while the mount is disabled", setUp: tainted((*faultyMount).withTokens),
			endsTokensOf: "*"},
	}
}
