package backend

import (
	"context"
	"errors"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
)

func (b *backend) pathRoleRotate() *framework.Path {
	return &framework.Path{
		Pattern:         rolesPrefix + spec.NamePattern + "/rotate$",
		HelpSynopsis:    "Revoke all valid tokens of a role now. The next reader gets a new one.",
		HelpDescription: roleRotateHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Fields:          spec.Parameters{"name": spec.Name("Name of the role.", "mint"), "grace": graceField()}.Fields(),
		Operations: spec.Operations{
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.rotateRole, "Revoke all valid tokens of a role now.",
				spec.Body("What happened to the tokens.", rotateAnswer)), "rotate", "role"),
		},
	}
}

// rotateAnswer are the fields that the rotation of a role returns.
var rotateAnswer = spec.Fields{
	"ended":   spec.Required(framework.TypeInt, "Tokens that Paxos has revoked."),
	"pending": spec.Required(framework.TypeInt, "Tokens that are no longer issued but are not revoked at Paxos yet."),
	"waiting": spec.Required(framework.TypeInt,
		"Tokens that are no longer issued and are revoked when their grace is over."),
	"revoked_at": spec.Required(framework.TypeString,
		"When the last grace is over (RFC 3339). Empty if no token is waiting."),
}

// rotateRole answers POST roles/:name/rotate. The role gets its new ID before its tokens are
// revoked. A token request that is under way then finds its permission gone and its token is not
// issued.
func (b *backend) rotateRole(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	name, grace := d.Get("name").(string), graceOf(d)
	defer b.spare(name, grace)()
	before, err := b.renewRoleID(ctx, req.Storage, strings.TrimSuffix(req.Path, "/rotate"))
	if errors.Is(err, store.ErrNotFound) {
		return nil, noSuchRole(name)
	}
	if err != nil {
		return nil, err
	}
	b.announceRole(roleRotated, name, before, req.Operation)
	ending, err := b.endBeyond(ctx, req.Storage, name, grace, true)
	if err != nil {
		return nil, stoppedAfter(err, "Role %q was rotated, but not all of its tokens could be revoked. This is tried "+
			"again every minute.", name)
	}
	return &logical.Response{
		Data: map[string]any{
			"ended": ending.Ended, "pending": ending.Pending, "waiting": ending.Waiting,
			"revoked_at": spec.Timestamp(ending.At),
		},
		Warnings: append(endingWarnings(name, before, ending, !before.Disabled), b.unreadableWarnings(ctx)...),
	}, nil
}

// renewRoleID gives the role a new ID and returns the role as it was before.
func (b *backend) renewRoleID(ctx context.Context, s logical.Storage, key string) (role, error) {
	b.writes.Lock()
	defer b.writes.Unlock()
	before, err := store.Load[role](ctx, s, key)
	if err != nil {
		return before, err
	}
	after := before
	after.ID = newRoleID()
	return before, b.entries.roles.Put(ctx, s, key, after)
}

const roleRotateHelp = `
Every valid token of the role, with or without a lease, is no longer issued and is
revoked at Paxos. The answer says how many tokens Paxos has revoked and how many are
still to be revoked. Leases stay until they end, but their tokens do not work any more.

    vault write -f paxos/roles/mint/rotate
    vault write paxos/roles/mint/rotate grace=20m

With grace=20m the tokens are no longer issued, but they stay valid for 20 more minutes,
so that their readers can fetch new ones first: Vault Agent reads token/<name> again
within poll_interval, and creds/<name> at the end of its lease. Do not use grace for a
token that leaked.
`
