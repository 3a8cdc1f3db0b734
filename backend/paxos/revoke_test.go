package paxos_test

import (
	"testing"

	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// TestRevoke checks at the stand-in which revocations end a token. It answers all of them with status
// 200.
func TestRevoke(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		revoke func(t *testing.T, h *harness, token paxos.Secret) error
		alive  bool
	}{
		"by the client that minted it": {
			revoke: func(t *testing.T, h *harness, token paxos.Secret) error {
				return h.client.Revoke(t.Context(), token)
			},
		},
		"twice": {
			revoke: func(t *testing.T, h *harness, token paxos.Secret) error {
				if err := h.client.Revoke(t.Context(), token); err != nil {
					return err
				}
				return h.client.Revoke(t.Context(), token)
			},
		},
		"by the same client with a newer secret": {
			revoke: func(t *testing.T, h *harness, token paxos.Secret) error {
				secret, err := h.RotateCredential(h.credential.ClientID)
				if err != nil {
					t.Fatal(err)
				}
				return h.connection.Client(h.credential.ClientID, paxos.Hide(secret)).Revoke(t.Context(), token)
			},
		},
		"by another client, which says 200 and does nothing": {
			revoke: func(t *testing.T, h *harness, token paxos.Secret) error {
				other, secret := createCredential(t, h.Server, paxostest.Credential{Scopes: []string{"transfer:read"}})
				return h.connection.Client(other.ClientID, paxos.Hide(secret)).Revoke(t.Context(), token)
			},
			alive: true,
		},
		"of another token": {
			revoke: func(t *testing.T, h *harness, _ paxos.Secret) error {
				return h.client.Revoke(t.Context(), paxos.Hide("opaque.token"))
			},
			alive: true,
		},
		"with a reply that got lost on its way": {
			revoke: func(t *testing.T, h *harness, token paxos.Secret) error {
				h.FailNext(paxostest.Revoke, paxostest.Fault{DropReply: true})
				asError(t, h.client.Revoke(t.Context(), token))
				return nil
			},
		},
		"with a 200 of nonsense": {
			revoke: func(t *testing.T, h *harness, token paxos.Secret) error {
				h.FailNext(paxostest.Revoke, paxostest.Fault{Body: "<html>"})
				return h.client.Revoke(t.Context(), token)
			},
			alive: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, "transfer:read")
			token, bystander := h.bearer(t, "transfer:read"), h.bearer(t, "transfer:read")
			if err := test.revoke(t, h, token); err != nil {
				t.Fatal(err)
			}
			if alive := h.Alive(token.Reveal()); alive != test.alive {
				t.Errorf("alive: %v, want %v", alive, test.alive)
			}
			if !h.Alive(bystander.Reveal()) {
				t.Error("another token of the client was revoked too")
			}
		})
	}
}
