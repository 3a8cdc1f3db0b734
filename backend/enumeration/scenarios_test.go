package enumeration

import (
	"slices"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// settingScenarios write what an operator sets for the whole mount.
func settingScenarios() []scenario {
	return []scenario{
		{operation: logical.UpdateOperation, path: "config/connection", when: "on a new mount",
			setUp: func(*faultyMount) {}, data: (*faultyMount).connection},
		{operation: logical.UpdateOperation, path: "config", when: "on a new mount", setUp: (*faultyMount).connect,
			data: (*faultyMount).configuration, mayStandAlone: "root"},
		{operation: logical.UpdateOperation, path: "config", when: "with a new secret", setUp: func(m *faultyMount) {
			m.withTokens()
			m.rotateSecret()
		}, data: func(m *faultyMount) map[string]any {
			return map[string]any{"client_secret": m.Secret, "refresh_at": 0.6}
		}, mayStandAlone: "root"},
		{operation: logical.UpdateOperation, path: "config", when: "with a wrong secret",
			setUp: (*faultyMount).withTokens,
			data:  fixed(map[string]any{"client_secret": "wrong"}), refused: true},
		{operation: logical.DeleteOperation, path: "config", when: "with nothing alive",
			setUp:         (*faultyMount).configure,
			mayStandAlone: "root"},
		{operation: logical.DeleteOperation, path: "config", when: "with tokens alive",
			setUp:   (*faultyMount).withTokens,
			refused: true},
		{operation: logical.DeleteOperation, path: "config", when: "by force", setUp: (*faultyMount).withTokens,
			data: fixed(map[string]any{"force": true}), mayStandAlone: "root", endsTokensOf: "*", losesRevokers: true},
		{operation: logical.UpdateOperation, path: "config/connection", when: "to another host",
			setUp: (*faultyMount).withTokens,
			data: func(m *faultyMount) map[string]any {
				return map[string]any{"token_url": m.proxy.otherHost.URL + "/oauth2/token"}
			}, refused: true},
		{operation: logical.PatchOperation, path: "config/connection", when: "to wait longer",
			setUp: (*faultyMount).withTokens,
			data:  fixed(map[string]any{"request_timeout": 12})},
		{operation: logical.DeleteOperation, path: "config/connection", when: "with nothing stored over it",
			setUp: (*faultyMount).connect},
		{operation: logical.DeleteOperation, path: "config/connection", when: "on a mount in use",
			setUp: (*faultyMount).withTokens, refused: true},
		{operation: logical.UpdateOperation, path: "config/rotate-root", when: "on a mount in use",
			setUp: func(m *faultyMount) {
				m.withTokens()
				m.rotateSecret()
			}, data: func(m *faultyMount) map[string]any {
				return map[string]any{"client_secret": m.Secret}
			}, refusesRepeat: true},
		{operation: logical.UpdateOperation, path: "config/replace-root", when: "on a mount in use",
			setUp: func(m *faultyMount) {
				m.withTokens()
				m.anotherClient()
			}, data: func(m *faultyMount) map[string]any {
				return map[string]any{"client_id": m.Client.ClientID, "client_secret": m.Secret}
			}, refusesRepeat: true},
		{operation: logical.ReadOperation, path: "report/drift", when: "without asking",
			setUp: (*faultyMount).withTokens},
		{operation: logical.ReadOperation, path: "report/drift", when: "by a root that may not list",
			setUp: (*faultyMount).withTokens, data: fixed(map[string]any{"refresh": true})},
		{operation: logical.ReadOperation, path: "report/drift", when: "by a root that may list",
			setUp: func(m *faultyMount) {
				m.withTokens()
				m.allowListing()
			}, data: fixed(map[string]any{"refresh": true})},
		{operation: logical.UpdateOperation, path: "config/guardrails", when: "below a role",
			setUp: (*faultyMount).withTokens,
			data:  fixed(map[string]any{"allowed_scopes": "funding:*"}), endsTokensOf: "mint"},
		{operation: logical.UpdateOperation, path: "lockdown", when: "on a mount in use",
			setUp:        (*faultyMount).withTokens,
			endsTokensOf: "*"},
		{operation: logical.DeleteOperation, path: "lockdown", when: "while it is in force",
			setUp: (*faultyMount).withLockdown},
		{operation: logical.DeleteOperation, path: "revocations/{queued}", when: "to give a token up",
			setUp: func(m *faultyMount) {
				m.withEverything()
				m.proxy.excuse(m.pendingToken())
			}, pathOf: func(m *faultyMount) string {
				return "revocations/" + m.pendingToken()
			}},
	}
}

// roleScenarios write roles.
func roleScenarios() []scenario {
	return []scenario{
		{operation: logical.CreateOperation, path: "roles/new", when: "on a mount in use",
			setUp: (*faultyMount).withTokens,
			data:  fixed(map[string]any{"scopes": "funding:read_profile"})},
		{operation: logical.UpdateOperation, path: "roles/mint", when: "with fewer scopes",
			setUp: (*faultyMount).withTokens,
			data:  fixed(map[string]any{"scopes": "funding:read_profile"}), endsTokensOf: "mint"},
		{operation: logical.PatchOperation, path: "roles/mint", when: "to disable it", setUp: (*faultyMount).withTokens,
			data: fixed(map[string]any{"disabled": true}), endsTokensOf: "mint"},
		{operation: logical.DeleteOperation, path: "roles/mint", when: "on a mount in use",
			setUp:        (*faultyMount).withTokens,
			endsTokensOf: "mint"},
		{operation: logical.UpdateOperation, path: "roles/mint/rotate", when: "on a mount in use",
			setUp: (*faultyMount).withTokens, endsTokensOf: "mint"},
		{operation: logical.UpdateOperation, path: "roles/mint/rotate", when: "after a restart",
			setUp: (*faultyMount).withTokensOfAnotherProcess, endsTokensOf: "mint"},
		{operation: logical.UpdateOperation, path: "roles/own/rotate", when: "on a mount in use",
			setUp: (*faultyMount).withTokens, endsTokensOf: "own"},
	}
}

// issuingScenarios read tokens.
func issuingScenarios() []scenario {
	var all []scenario
	for _, path := range []string{"creds/mint", "token/mint"} {
		all = append(all,
			scenario{operation: logical.ReadOperation, path: path, when: "for the first time",
				setUp: (*faultyMount).withRoles},
			scenario{operation: logical.UpdateOperation, path: path, when: "for fewer scopes",
				setUp: (*faultyMount).withTokens,
				data:  fixed(map[string]any{"scopes": "funding:read_profile"})},
		)
	}
	return append(all,
		scenario{operation: logical.ReadOperation, path: "creds/mint", when: "after a restart",
			setUp:         (*faultyMount).withTokensOfAnotherProcess,
			hasValidToken: true},
		scenario{operation: logical.ReadOperation, path: "creds/mint", when: "with a refresh due",
			setUp: func(m *faultyMount) { m.withTokens(); m.Clock.Advance(50 * time.Minute) }, hasValidToken: true},
		scenario{operation: logical.ReadOperation, path: "creds/mint", when: "with little life left",
			setUp: func(m *faultyMount) { m.withTokens(); m.Clock.Advance(57 * time.Minute) }, hasValidToken: true},
		scenario{operation: logical.ReadOperation, path: "creds/own", when: "for the first time",
			setUp: (*faultyMount).withRoles},
		scenario{operation: logical.ReadOperation, path: "creds/mint", when: "after another node wrote",
			setUp: func(m *faultyMount) {
				m.withTokens()
				m.forgetHolders()
				m.Backend.InvalidateKey(m.T.Context(), "ledger/another")
			}, hasValidToken: true},
	)
}

// endingScenarios end leases, and do periodic work.
func endingScenarios() []scenario {
	lease := func(when string, state func(*faultyMount)) scenario {
		return scenario{operation: logical.RevokeOperation, path: "a lease", when: when, setUp: state, lease: true}
	}
	periodic := func(when string, state func(*faultyMount)) scenario {
		return scenario{operation: logical.RollbackOperation, when: when, setUp: state}
	}
	tainted := func(state func(*faultyMount)) func(*faultyMount) {
		return func(m *faultyMount) { state(m); m.System.Disabling.Store(true) }
	}
	return []scenario{
		lease("of a shared token kept idle", func(m *faultyMount) { m.withRoles(); m.read("creds/mint") }),
		lease("of a shared token not kept idle", func(m *faultyMount) { m.withIdleTTLZero(); m.read("creds/brief") }),
		lease("of a shared token that others hold", func(m *faultyMount) {
			m.withIdleTTLZero()
			m.read("creds/brief")
			m.read("creds/brief")
		}),
		lease("of a shared token after a restart", func(m *faultyMount) {
			m.withIdleTTLZero()
			m.read("creds/brief")
			m.restart()
		}),
		lease("of a shared token that others hold, after a restart", func(m *faultyMount) {
			m.withIdleTTLZero()
			m.read("creds/brief")
			m.read("creds/brief")
			m.restart()
		}),
		lease("of a shared token that others hold since before a restart", func(m *faultyMount) {
			m.withIdleTTLZero()
			m.read("creds/brief")
			m.restart()
			m.read("creds/brief")
			slices.Reverse(m.leases)
		}),
		lease("of an own token", func(m *faultyMount) { m.withRoles(); m.read("creds/own") }),
		lease("of an own token after a restart", func(m *faultyMount) {
			m.withRoles()
			m.read("creds/own")
			m.restart()
		}),
		lease("of an expired token", func(m *faultyMount) {
			m.withRoles()
			m.read("creds/own")
			m.Clock.Advance(time.Hour)
		}),
		lease("of an own token while the mount is disabled",
			tainted(func(m *faultyMount) { m.withRoles(); m.read("creds/own") })),
		lease("of a shared token while the mount is disabled",
			tainted(func(m *faultyMount) { m.withIdleTTLZero(); m.read("creds/brief") })),
		periodic("with nothing to do", (*faultyMount).withTokens),
		periodic("with tokens queued", (*faultyMount).withPendingRevocations),
		periodic("with a comparison due", func(m *faultyMount) {
			m.withTokens()
			m.allowListing()
			m.succeed(logical.ReadOperation, "report/drift", map[string]any{"refresh": true})
			m.Clock.Advance(time.Hour)
		}),
		periodic("with tokens queued, after a restart", (*faultyMount).withPendingRevocationsAfterRestart),
		{operation: initializing, when: "with tokens queued", setUp: (*faultyMount).withPendingRevocationsAfterRestart},
		{operation: initializing, when: "in a lockdown", setUp: func(m *faultyMount) {
			m.withLockdown()
			m.restart()
		}, endsTokensOf: "*"},
		periodic("with an idle token", func(m *faultyMount) {
			m.withRoles()
			m.read("creds/mint")
			m.endFirstLease()
			m.Clock.Advance(6 * time.Minute)
		}),
		periodic("with expired tokens, a past ban and an old secret", func(m *faultyMount) {
			m.withTokens()
			m.rotateSecret()
			m.write("config", map[string]any{"client_secret": m.Secret})
			m.Paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Status: 429})
			m.Refused(logical.ReadOperation, "creds/own", nil)
			m.Clock.Advance(2 * time.Hour)
		}),
		{operation: logical.RollbackOperation, when: "while the mount is disabled",
			setUp:        tainted((*faultyMount).withTokens),
			endsTokensOf: "*"},
	}
}
