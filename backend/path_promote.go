package backend

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/spec"
)

func (b *backend) pathPromoteStandby() *framework.Path {
	return &framework.Path{
		Pattern:         "config/promote-standby$",
		HelpSynopsis:    "Make a standby client the root client, without interrupting readers.",
		HelpDescription: promoteHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Fields: spec.Parameters{
			"client": {Type: framework.TypeString, Example: "standby-1",
				Otherwise: "the first client with purpose=standby that is ready, in alphabetical order",
				Text:      "The stored client with purpose=standby that becomes the root client."},
		}.Fields(),
		Operations: spec.Operations{
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.promoteStandby,
				"Make a standby client the root client.", spec.Body("The root client's new generation.",
					rotationAnswer)), "promote", "standby"),
		},
	}
}

// promoteStandby answers POST config/promote-standby. The path needs no sudo, so it accepts only
// standbys whose secret was verified and whose Entity was shown earlier, and it refuses in a
// lockdown and on a mount that may be a restored snapshot.
//
// The root is replaced first. If the entry of the promoted client cannot be deleted after that, the
// periodic work deletes it.
func (b *backend) promoteStandby(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	// In a lockdown config/rotate-root and config/replace-root still replace the root's secret.
	if err := checkStoredLockdown(ctx, req.Storage); err != nil {
		return nil, err
	}
	c, err := loadConfig(ctx, req.Storage)
	if err != nil {
		return nil, notConfigured(err)
	}
	switch stopped, err := b.watchForRestore(ctx); {
	case err != nil:
		return nil, err
	case stopped:
		return nil, fault.BadRequest("Not promoted: this mount is paused, because it may be a restored snapshot. If it is "+
			"the live one, run `vault write -f %sconfig/resume`.", mountMark)
	}
	root, err := storedRoot(ctx, req.Storage)
	switch {
	case err != nil:
		return nil, err
	case len(root.Generations) == 0:
		return nil, errNoRoot
	}
	change := rootChange{promoted: true, holdsAll: true, verify: true}
	asked, _ := input.Given[string](d, "client")
	if change.standby, err = b.nextStandby(ctx, req, c, root, asked); err != nil {
		return nil, err
	}
	before, err := b.drainedRoot(ctx, req)
	if err != nil {
		return nil, err
	}
	if change.scopes, err = b.scopesOfRoles(ctx, req.Storage); err != nil {
		return nil, err
	}
	after, err := b.changeRoot(ctx, req, c, before, change)
	if err != nil {
		return nil, err
	}
	return b.answerRotation(ctx, after)
}

// drainedRoot returns the root client. It refuses while tokens of an earlier root client are valid,
// and says until when.
func (b *backend) drainedRoot(ctx context.Context, req *logical.Request) (client, error) {
	if err := b.forgetGenerations(ctx); err != nil {
		return client{}, err
	}
	root, err := storedRoot(ctx, req.Storage)
	if err != nil || len(root.Generations) <= 1 {
		return root, err
	}
	last, err := b.lastExpiry(ctx, func(row broker.Row) bool {
		return row.Key.Client == "" && row.Generation != root.last()
	})
	if err != nil {
		return root, err
	}
	until := ""
	if !last.IsZero() {
		until = " until " + spec.Timestamp(last)
	}
	return root, fault.BadRequest("Not promoted: tokens of the previous root client are still valid%s. Wait "+
		"until they have expired, or revoke them with `vault write -f %sroles/<name>/rotate` for each role.", until, mountMark)
}

// nextStandby returns the name of the stored client that becomes the root: the client asked for, or
// the first ready standby in order of name if asked is empty. Its error says why no client is
// ready.
func (b *backend) nextStandby(ctx context.Context, req *logical.Request, c config, root client,
	asked string) (string, error) {
	session, err := b.sessionWith(ctx, req.Storage, c)
	if err != nil {
		return "", err
	}
	needs, err := b.readiness(ctx, req.Storage, true)
	if err != nil {
		return "", err
	}
	next, known := "", false
	var why []string
	err = eachStoredClient(ctx, req.Storage, func(name string, n storedClient) error {
		if next != "" || asked == "" && n.Purpose != purposeStandby || asked != "" && name != asked {
			return nil
		}
		known = true
		if reason := notReady(n, root, needs, session); reason != "" {
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
		return "", noSuchClient(asked)
	case len(why) == 0:
		return "", fault.BadRequest("No standby client is available: none is stored, or the last one was already "+
			"promoted. Store one under %sclients/ with purpose=standby.", mountMark)
	}
	return "", fault.BadRequest("No standby client is available: no client with purpose=standby is ready (%s).",
		input.Shortened(why))
}

const promoteHelp = `
Takes the standby client that client names, or the first one that is ready, in
alphabetical order. It verifies with one token request that the client has the scopes
that all roles need, and makes it the root client. The client's entry under clients/ is
deleted then. Tokens of the previous root client are still issued until they are
refreshed with the new one.

    vault write -f paxos/config/promote-standby

A standby is ready if its secret was verified when it was stored, and if it is known to
belong to this mount's Entity: by the profiles that it sees, or by a list of credentials
(report/drift with refresh=true). If no standby is ready, and during a lockdown, use
config/replace-root client=<name>, which needs sudo.

Keys of the standby (keys/) become keys of the root client. The answer warns of keys
that have no Key ID for the new root client.

A promotion is refused while tokens of a root client that was replaced earlier are still
valid, and on a mount that is paused because it may be a restored copy (config/resume).
`
