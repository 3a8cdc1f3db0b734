package backend

import (
	"context"
	"slices"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// A readiness is what is required of a client that is to become the root.
type readiness struct {
	verified  bool   // the secret and the Entity must have been shown to be right earlier, because no sudo is needed
	anyEntity bool   // the guardrails allow clients of another Entity
	entity    string // of the mount, as a list from Paxos named it; empty if none did
}

// readiness reads the requirements from storage. promoted says that the caller needs no sudo.
func (b *backend) readiness(ctx context.Context, s logical.Storage, promoted bool) (readiness, error) {
	rails, err := storedGuardrails(ctx, s)
	if err != nil {
		return readiness{}, err
	}
	seen, err := b.credentialList(ctx, s)
	return readiness{promoted, rails.IgnoreEntity, seen.Customer}, err
}

// notReady says why a stored client may not become the root. It returns "" if it may. Without sudo
// its secret must have been verified, and its Entity shown by a list that the root requested or by
// its profiles. config/replace-root, which needs sudo, verifies the client itself by default.
func notReady(n storedClient, root client, needs readiness, session *paxosSession) string {
	g, stored := n.current()
	switch {
	case !stored:
		return "is not stored"
	case n.purposeMismatch(purposeStandby) != "":
		return n.purposeMismatch(purposeStandby)
	case n.Disabled:
		return "is disabled"
	case n.State != stateAvailable:
		return n.State.described()
	case g.Connection != session.fingerprint:
		return "was stored for another connection"
	case !needs.verified:
		return ""
	case !g.Verified:
		return "has a secret that was never verified; `vault write " + mountMark + replaceRootPath +
			" client=<name>` verifies it (needs sudo)"
	case !needs.anyEntity && !n.sameEntity(root, needs.entity):
		return "is not known to belong to this mount's Entity; run `vault read " + mountMark +
			"report/drift refresh=true` if the root client has the scope " + paxos.ListScope +
			", or use `vault write " + mountMark + replaceRootPath + " client=<name>` (needs sudo)"
	}
	return ""
}

// sameEntity reports whether the client was shown to belong to the Entity of the mount: a list that
// the root requested had the client, or the client and the root see a common profile. A list counts
// only if it was of this Entity, if lists say which Entity they are of.
func (n storedClient) sameEntity(root client, entity string) bool {
	listed := n.Listed && (n.Customer == "" || entity == "" || n.Customer == entity)
	return listed || overlap(n.Profiles, root.Profiles)
}

// forgetPromoted deletes the entries of stored clients that have become the root, after their keys were
// made the root's. Normally changeRoot calls it. The periodic work calls it for promotions that were interrupted.
func (b *backend) forgetPromoted(ctx context.Context) error {
	b.writes.Lock()
	defer b.writes.Unlock()
	root, err := storedRoot(ctx, b.storage)
	if err != nil {
		return err
	}
	return eachStoredClient(ctx, b.storage, func(name string, n storedClient) error {
		if g, _ := n.current(); n.State == stateLeased || !root.has(g.ClientID) {
			return nil
		}
		if err := b.keysFollow(ctx, b.storage, name); err != nil {
			return err
		}
		return b.removeStoredClient(ctx, b.storage, name, n)
	})
}

// overlap reports whether both lists have a name in common.
func overlap(a, z []string) bool {
	return slices.ContainsFunc(a, func(name string) bool { return slices.Contains(z, name) })
}
