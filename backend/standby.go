package backend

import (
	"context"
	"slices"

	"github.com/hashicorp/vault/sdk/logical"
)

// readiness is what a client that is to become the root must have shown before.
type readiness struct {
	verified  bool   // its secret and Entity must have been proved, because nobody needs sudo
	anyEntity bool   // the guardrails let it be of another Entity
	entity    string // the mount's, as a list showed it; empty if none did
}

// readiness reads it.
func (b *backend) readiness(ctx context.Context, s logical.Storage, promoted bool) (readiness, error) {
	limits, err := storedGuardrails(ctx, s)
	if err != nil {
		return readiness{}, err
	}
	seen, err := b.credentialList(ctx, s)
	return readiness{promoted, limits.IgnoreEntity, seen.Customer}, err
}

// notReady says why a stored client may not become the root, nothing if it may. Without sudo its
// secret must have been verified and its Entity proved before: by a list that the root asked for,
// or by the profiles.
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
		return "is " + string(n.State)
	case g.Connection != session.fingerprint:
		return "was stored for another connection"
	case !needs.verified:
		return ""
	case !g.Verified:
		return "has a secret that was never verified; config/replace-root client=<name> verifies it (needs sudo)"
	case !needs.anyEntity && !n.sameEntity(root, needs.entity):
		return "has not been shown to be of this mount's Entity; read report/drift with refresh=true if the " +
			"root client may list credentials, or use config/replace-root client=<name> (needs sudo)"
	}
	return ""
}

// sameEntity reports whether the client was shown to be of the mount's Entity: by a list that the
// root asked for and that was of this Entity, as far as lists tell, or by the profiles that both
// see.
func (n storedClient) sameEntity(root client, entity string) bool {
	listed := n.Listed && (n.Customer == "" || entity == "" || n.Customer == entity)
	return listed || overlap(n.Profiles, root.Profiles)
}

// forgetPromoted deletes the entries of stored clients that have become the root.
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
		return b.removeStoredClient(ctx, b.storage, name, n)
	})
}

// overlap reports whether the lists have a name in common.
func overlap(a, z []string) bool {
	return slices.ContainsFunc(a, func(name string) bool { return slices.Contains(z, name) })
}
