package backend

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
)

func (b *backend) pathRoleRotate() *framework.Path {
	return &framework.Path{
		Pattern:         rolesPrefix + spec.NamePattern + "/rotate$",
		HelpSynopsis:    "End all live tokens of a role now; the next reader gets a new one.",
		HelpDescription: roleRotateHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Fields:          spec.Parameters{"name": spec.Name("Name of the role.", "mint"), "grace": graceField()}.Fields(),
		Operations: spec.Operations{
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.rotateRole, "End all live tokens of a role now.",
				spec.Body("What became of the tokens.", rotateAnswer)), "rotate", "role"),
		},
	}
}

// rotateAnswer are the fields that the rotation of a role returns.
var rotateAnswer = spec.Fields{
	"ended": spec.Required(framework.TypeInt, "Tokens that Paxos has revoked."),
	"pending": spec.Required(framework.TypeInt,
		"Tokens that are handed out no longer and are revoked as soon as Paxos takes it."),
	"waiting": spec.Required(framework.TypeInt,
		"Tokens that are handed out no longer and are revoked when their grace is over."),
	"revoked_at": spec.Required(framework.TypeString,
		"When the last grace is over (RFC 3339); empty where no token waits."),
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
		return nil, fault.BadRequest("there is no role %q", d.Get("name"))
	}
	if err != nil {
		return nil, err
	}
	b.announceRole(roleRotated, name, before, req.Operation)
	ending, err := b.endBeyond(ctx, req.Storage, name, grace, true)
	if err != nil {
		return nil, fmt.Errorf("the role was rotated, but ending its tokens: %w", err)
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
Every live token of the role, leased or not, is put out of use at once and revoked
at Paxos. The answer says how many Paxos has ended and how many are waiting for
it. Leases stay until they end; their tokens are dead.

With grace=20m the tokens are no longer issued, but are revoked that much later, when
their readers have new ones: Vault Agent reads token/<name> again within poll_interval,
creds/<name> at the end of its lease. Do not use it for a token that leaked.
`
