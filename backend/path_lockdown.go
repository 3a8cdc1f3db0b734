package backend

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/signing"
	"vault-plugin-secrets-paxos/backend/spec"
)

func (b *backend) pathLockdown() *framework.Path {
	return &framework.Path{
		Pattern:         lockdownPath + "$",
		HelpSynopsis:    "Emergency stop: issue and sign nothing, and revoke every token. Needs sudo.",
		HelpDescription: lockdownHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos", ItemType: "Lockdown"},
		Fields: spec.Parameters{
			"reason": {Type: framework.TypeString, Example: "Token leaked, incident 42",
				Text: "Why the lockdown was started. A read shows it. Not secret."},
		}.Fields(),
		Operations: spec.Operations{
			logical.ReadOperation: spec.Displayed(spec.OnActive(b.readLockdown,
				"Read whether a lockdown is in force, and which tokens are still valid.", spec.Body("The lockdown.",
					lockdownAnswer)), "read", "lockdown"),
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.writeLockdown,
				"Lock the mount down, and revoke every valid token.", spec.Body("What happened to the tokens.",
					lockdownAnswer)), "lock", "down"),
			logical.DeleteOperation: spec.Displayed(spec.OnActive(b.deleteLockdown,
				"Lift the lockdown. Tokens can be issued again.",
				spec.NoBody("Lifted.")), "lift", "lockdown"),
		},
	}
}

// lockdownAnswer are the fields that a read and a write of lockdown return.
var lockdownAnswer = spec.Fields{
	"locked": spec.Required(framework.TypeBool, "Whether a lockdown is in force."),
	"since":  spec.Required(framework.TypeString, "When the lockdown began (RFC 3339). Empty if none is in force."),
	"reason": spec.Required(framework.TypeString,
		"Why the lockdown was started, as it was written."),
	"ended": spec.Required(framework.TypeInt, "Tokens that this write has revoked at Paxos. 0 on a read."),
	"pending": spec.Required(framework.TypeInt,
		"Tokens that are no longer issued but are not revoked at Paxos yet."),
	"pending_seconds": spec.Required(framework.TypeInt64,
		"Seconds until the pending tokens are revoked, at api_rate and if Paxos answers."),
	"cannot_end": spec.Required(framework.TypeStringSlice,
		"What the engine cannot stop: clients whose secret somebody outside may know, tokens whose record cannot be "+
			"read, and signatures that Paxos still accepts, by signer."),
	"last_token_expires": spec.Required(framework.TypeString,
		"When the last valid token expires (RFC 3339). Empty if there is none."),
}

// readLockdown answers GET lockdown.
func (b *backend) readLockdown(ctx context.Context, req *logical.Request,
	_ *framework.FieldData) (*logical.Response, error) {
	l, err := storedLockdown(ctx, req.Storage)
	if err != nil {
		return nil, err
	}
	data, err := b.describeLockdown(ctx, l, 0)
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: data}, nil
}

// writeLockdown answers POST lockdown. The lockdown is stored before tokens are revoked. From then
// on no token is requested or issued, and every token that was requested earlier has its row in the
// ledger, so none is missed.
func (b *backend) writeLockdown(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	l, err := b.storeLockdown(ctx, req.Storage, d)
	if err != nil {
		return nil, err
	}
	ended, pending, err := b.broker.End(ctx, func(broker.Row) bool { return true })
	if err != nil {
		return nil, stoppedAfter(err, "The mount is in lockdown, but not all tokens could be revoked. This is "+
			"tried again every minute; write again to try at once.")
	}
	data, err := b.describeLockdown(ctx, l, ended)
	if err != nil {
		return nil, err
	}
	b.logger.Warn("the mount is in lockdown: no tokens or clients are issued", "ended", ended, "pending", data["pending"])
	b.announceChange(lockedDown, req.Path, req.Operation)
	resp := &logical.Response{Data: data}
	if ended+pending > 0 {
		resp.AddWarning(revoked("this mount", ended, pending) +
			" Applications that hold a revoked token get 401 from Paxos until the lockdown is lifted and they read again. " +
			"Vault Agent does so within the role's poll_interval for token/, and at the end of the lease for creds/.")
	}
	return resp, nil
}

// storeLockdown stores the lockdown. Writing to a mount that is in lockdown already keeps the time
// at which the lockdown began.
func (b *backend) storeLockdown(ctx context.Context, s logical.Storage, d *framework.FieldData) (lockdown, error) {
	b.writes.lockdown.Lock()
	defer b.writes.lockdown.Unlock()
	l, err := storedLockdown(ctx, s)
	if err != nil {
		return l, err
	}
	if l.Since.IsZero() {
		l.Since = b.options.Now().UTC()
	}
	input.Patch(d, "reason", &l.Reason)
	return l, b.entries.lockdown.Put(ctx, s, lockdownKey, l)
}

// deleteLockdown answers DELETE lockdown.
func (b *backend) deleteLockdown(ctx context.Context, req *logical.Request,
	_ *framework.FieldData) (*logical.Response, error) {
	b.writes.lockdown.Lock()
	defer b.writes.lockdown.Unlock()
	if err := b.entries.lockdown.Delete(ctx, req.Storage, lockdownKey); err != nil {
		return nil, err
	}
	b.announceChange(lockdownLifted, req.Path, req.Operation)
	b.logger.Warn("the lockdown of the mount was lifted")
	return nil, nil
}

// describeLockdown returns the lockdown as a read shows it, with how many tokens are still to be
// revoked and what the engine cannot revoke. ended is the number of tokens that the current request
// has revoked.
func (b *backend) describeLockdown(ctx context.Context, l lockdown, ended int) (map[string]any, error) {
	rows, err := b.broker.Live(ctx)
	if err != nil {
		return nil, err
	}
	cannotEnd, err := exposedClients(ctx, b.storage)
	if err != nil {
		return nil, err
	}
	unreadable, err := b.broker.Unreadable(ctx)
	if err != nil {
		return nil, err
	}
	for _, fingerprint := range unreadable {
		cannotEnd = append(cannotEnd,
			fmt.Sprintf("token %s, whose record cannot be read: it is valid until it expires", fingerprint))
	}
	signatures, err := b.usableSignatures(ctx)
	if err != nil {
		return nil, err
	}
	cannotEnd = append(cannotEnd, signatures...)
	var last time.Time
	for _, row := range rows {
		if row.ExpiresAt.After(last) {
			last = row.ExpiresAt
		}
	}
	rate := b.callRate(ctx)
	return map[string]any{
		"locked":             !l.Since.IsZero(),
		"since":              spec.Timestamp(l.Since),
		"reason":             l.Reason,
		"ended":              ended,
		"pending":            len(rows),
		"pending_seconds":    int64((len(rows) + rate - 1) / rate),
		"cannot_end":         cannotEnd,
		"last_token_expires": spec.Timestamp(last),
	}, nil
}

// usableSignatures describes the signatures that Paxos may still accept. A new process does not know
// what the one before it signed.
func (b *backend) usableSignatures(ctx context.Context) ([]string, error) {
	now := b.options.Now()
	described := b.lastSigned.describe(now)
	unknownUntil := b.begun.Add(signing.Validity)
	if !now.Before(unknownUntil) {
		return described, nil
	}
	names, err := b.storage.List(ctx, signersPrefix)
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", signersPrefix, err)
	}
	if len(names) > 0 {
		described = append(described, fmt.Sprintf("signatures of any signer from before this process started at %s: "+
			"Paxos may accept them until %s", spec.Timestamp(b.begun), spec.Timestamp(unknownUntil)))
	}
	return described, nil
}

// exposedClients describes the stored clients whose secret somebody outside may know. A lockdown
// cannot take a secret back: a client stays usable until its secret is rotated in the Dashboard or
// the client is deleted at Paxos.
func exposedClients(ctx context.Context, s logical.Storage) ([]string, error) {
	exposed := []string{}
	err := eachStoredClient(ctx, s, func(name string, n storedClient) error {
		switch {
		case n.State == stateLeased:
			exposed = append(exposed, fmt.Sprintf("client %s, %s", name, n.Checkout))
		case n.State == stateQuarantined:
			exposed = append(exposed,
				fmt.Sprintf("client %s, in quarantine: a past holder knows its secret until it is rotated", name))
		case n.State == stateUnreadable:
			exposed = append(exposed, fmt.Sprintf("client %s, whose entry cannot be read: it may be leased", name))
		case n.State == stateAvailable && n.ReturnedAs != 0 && n.ReturnedAs == n.last():
			exposed = append(exposed,
				fmt.Sprintf("client %s, returned unrotated: a past holder knows its secret until it is rotated", name))
		case n.State == stateToBeDeleted:
			exposed = append(exposed,
				fmt.Sprintf(
					"client %s, waiting to be deleted at Paxos: its last holder knows its secret until then", name))
		}
		return nil
	})
	return exposed, err
}

const lockdownHelp = `
When the write returns, nothing is issued or signed for anybody, on any node, and no
token is refreshed. A token that was being requested is revoked when it arrives. Every
valid token is revoked at Paxos, even with never_revoke=true. What cannot be revoked at
once is revoked in the background. The answer says how many tokens are left and how
long that takes. Write again to try again.

    vault write paxos/lockdown reason="Token leaked, incident 42"
    vault delete paxos/lockdown

A signature cannot be revoked: Paxos accepts it for 30 minutes. cannot_end names the
signers whose signatures Paxos may still accept, and until when. To stop these too,
deactivate the public key in the Dashboard. cannot_end also names the clients whose
secret somebody outside Vault may know. Rotate or delete these in the Dashboard.

A lockdown survives restarts, failovers and a deleted config. If the engine cannot read
whether a lockdown is in force, it acts as if there were one. Roles, settings and the
root client's secret can be changed during a lockdown. Only a delete lifts it, so a
policy can allow different people to write and to lift. A read shows how many tokens
are still valid.
`
