package backend

import (
	"context"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

func (b *backend) pathPromoteStandby() *framework.Path {
	return &framework.Path{
		Pattern:         "config/promote-standby$",
		HelpSynopsis:    "Put a standby client in the root's place, while readers go on.",
		HelpDescription: promoteHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Fields: fields{
			"client": {Type: framework.TypeString,
				Description: "The stored client with purpose=standby. The first one by name that is ready, if " +
					"it is left out."},
		},
		Operations: operations{
			logical.UpdateOperation: displayed(onActive(b.promoteStandby,
				"Put a standby client in the root's place.", answer("The root client's new generation.",
					rotationAnswer)), "promote", "standby"),
		},
	}
}

// promoteStandby answers POST config/promote-standby. It needs no sudo, so it takes only standbys
// whose secret and Entity were proved before, and it is closed in a lockdown and on what may be a
// restored copy. The root is swapped first: if the client's own entry cannot be deleted then, the
// periodic work does it.
func (b *backend) promoteStandby(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	// which leaves config/rotate-root and replace-root open
	if err := checkStoredLockdown(ctx, req.Storage); err != nil {
		return reply(err)
	}
	c, err := load[config](ctx, req.Storage, configKey)
	if err != nil {
		return reply(notConfigured(err))
	}
	switch stopped, err := b.watchForRestore(ctx); {
	case err != nil:
		return reply(err)
	case stopped:
		return reply(badRequest("This mount is paused because it may be a restored snapshot. If it is the "+
			"live one, run `vault write -f %sconfig/resume`.", req.MountPoint))
	}
	root, err := storedRoot(ctx, req.Storage)
	switch {
	case err != nil:
		return reply(err)
	case len(root.Generations) == 0:
		return reply(errNoRoot)
	}
	change := rootChange{promoted: true, holdsAll: true, verify: true}
	asked, _ := given[string](d, "client")
	if change.standby, err = b.nextStandby(ctx, req, c, root, asked); err != nil {
		return reply(err)
	}
	before, err := b.drainedRoot(ctx, req)
	if err != nil {
		return reply(err)
	}
	if change.scopes, err = b.scopesOfRoles(ctx, req.Storage); err != nil {
		return reply(err)
	}
	after, err := b.changeRoot(ctx, req, c, before, change)
	if err != nil {
		return reply(err)
	}
	return b.answerRotation(ctx, after)
}

// drainedRoot is the root, unless tokens of a root before it are still valid.
func (b *backend) drainedRoot(ctx context.Context, req *logical.Request) (client, error) {
	if err := b.forgetGenerations(ctx); err != nil {
		return client{}, err
	}
	root, err := storedRoot(ctx, req.Storage)
	if err != nil || len(root.Generations) <= 1 {
		return root, err
	}
	rows, err := b.broker.Live(ctx)
	if err != nil {
		return root, err
	}
	last := time.Time{}
	for _, row := range rows {
		if row.Key.Client == "" && row.Generation != root.last() && row.ExpiresAt.After(last) {
			last = row.ExpiresAt
		}
	}
	until := ""
	if !last.IsZero() {
		until = " until " + timestamp(last)
	}
	return root, badRequest("Not promoted: the previous root client still drains; its tokens are valid%s. "+
		"Wait, or revoke them with `vault write -f %sroles/<name>/rotate`.", until, req.MountPoint)
}

// nextStandby names the client that is to become the root.
func (b *backend) nextStandby(ctx context.Context, req *logical.Request, c config, root client,
	asked string) (string, error) {
	link, err := b.linkOf(ctx, req.Storage, c)
	if err != nil {
		return "", err
	}
	needs, err := b.readiness(ctx, req.Storage, true)
	if err != nil {
		return "", err
	}
	next, known := "", false
	var why []string
	err = eachNamed(ctx, req.Storage, func(name string, n namedClient) error {
		if next != "" || asked == "" && n.Purpose != purposeStandby || asked != "" && name != asked {
			return nil
		}
		known = true
		if reason := notReady(n, root, needs, link); reason != "" {
			why = append(why, name+" "+reason)
			return nil
		}
		next = name
		return nil
	})
	switch {
	case err != nil:
		return "", err
	case next != "":
		return next, nil
	case asked != "" && !known:
		return "", badRequest("No client %s is stored under clients/.", excerpt(asked))
	case len(why) == 0:
		return "", badRequest("No standby client is available: none is stored, or the last one was promoted " +
			"already. Store one under clients/ with purpose=standby.")
	}
	return "", badRequest("No standby client is available: no client with purpose=standby is ready (%s).",
		shortened(why))
}

// readiness is what a client that is to become the root must have shown before.
type readiness struct {
	proofs    bool   // its secret and Entity must have been proved, because nobody needs sudo
	anyEntity bool   // the guardrails let it be of another Entity
	entity    string // the mount's, as a list showed it; empty if none did
}

// readiness reads it.
func (b *backend) readiness(ctx context.Context, s logical.Storage, promoted bool) (readiness, error) {
	limits, err := storedGuardrails(ctx, s)
	if err != nil {
		return readiness{}, err
	}
	seen, err := b.comparison(ctx, s)
	return readiness{promoted, limits.IgnoreEntity, seen.Customer}, err
}

// notReady says why a stored client may not become the root, nothing if it may. Without sudo its
// secret must have been verified and its Entity proved before: by a list that the root asked for,
// or by the profiles.
func notReady(n namedClient, root client, needs readiness, link *link) string {
	g, stored := n.current()
	switch {
	case !stored:
		return "is not stored"
	case n.unlike(purposeStandby) != "":
		return n.unlike(purposeStandby)
	case n.Disabled:
		return "is disabled"
	case n.State != available:
		return "is " + string(n.State)
	case g.Connection != link.fingerprint:
		return "was stored for another connection"
	case !needs.proofs:
		return ""
	case !g.Proved:
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
func (n namedClient) sameEntity(root client, entity string) bool {
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
	return eachNamed(ctx, b.storage, func(name string, n namedClient) error {
		if g, _ := n.current(); n.State == leased || !root.has(g.ClientID) {
			return nil
		}
		return b.removeNamed(ctx, b.storage, name, n)
	})
}
