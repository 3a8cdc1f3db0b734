package backend

import (
	"context"
	"slices"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/spec"
)

func (b *backend) pathRevocations() *framework.Path {
	return spec.Listing{
		Pattern: revocationsPath + "?$", Item: "Revocation", Active: true, Suffix: "revocations",
		Synopsis: "List the tokens that are not revoked at Paxos yet.",
		Summary:  "List the tokens whose revocation is queued.",
		Answer:   spec.Body("The token_ids.", spec.ListBody), List: b.listRevocations,
	}.Path()
}

// listRevocations answers LIST revocations/.
func (b *backend) listRevocations(ctx context.Context, _ *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	queue, err := b.broker.Queue(ctx)
	if err != nil {
		return nil, err
	}
	fingerprints := make([]string, 0, len(queue))
	for _, queued := range queue {
		fingerprints = append(fingerprints, queued.Row.Fingerprint)
	}
	return spec.Page(fingerprints, d)
}

func (b *backend) pathRevocation() *framework.Path {
	return &framework.Path{
		Pattern:         revocationsPath + "(?P<token_id>[^/]+)$",
		HelpSynopsis:    "A token that is not revoked at Paxos yet.",
		HelpDescription: revocationHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos", ItemType: "Revocation"},
		Fields: spec.Parameters{"token_id": {Type: framework.TypeString, Required: true,
			Example: "9f86d081884c7d659a2feaa0c55ad015", Text: "The fingerprint of the token."}}.Fields(),
		Operations: spec.Operations{
			logical.ReadOperation: spec.Displayed(spec.OnActive(b.readRevocation,
				"Read why a token is not revoked yet.", spec.Body("The queued revocation.",
					revocationAnswer)), "read", "revocation"),
			logical.DeleteOperation: spec.Displayed(spec.OnActive(b.deleteRevocation,
				"Stop trying to revoke a token. It stays valid until it expires.",
				spec.NoBody("Deleted.")), "delete", "revocation"),
		},
	}
}

// revocationAnswer are the fields of a queued revocation.
var revocationAnswer = spec.Fields{
	"role": spec.Required(framework.TypeString,
		"The role that the token was requested for, by its name at that time. Empty for a token that the engine "+
			"requested for itself."),
	"client_id":  spec.Required(framework.TypeString, "Client ID of the client that it was requested with."),
	"generation": spec.Required(framework.TypeInt, "Number of the client's secret that it was requested with."),
	"state": spec.Required(framework.TypeString,
		"queued (it could not be revoked yet) or waiting (it is revoked when its grace is over; nothing is wrong)."),
	"since": spec.Required(framework.TypeString,
		"Since when it is to be revoked (RFC 3339). In state waiting: when it will be revoked."),
	"expires_at": spec.Required(framework.TypeString, "When the token expires (RFC 3339)."),
	"attempts":   spec.Required(framework.TypeInt, "Failed revocation attempts since the plugin started."),
	"last_error": spec.Required(framework.TypeString, "Why the last attempt failed. Empty if there was none."),
}

// readRevocation answers GET revocations/:token_id.
func (b *backend) readRevocation(ctx context.Context, _ *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	queued, found, err := b.queued(ctx, d)
	if err != nil || !found { // Vault answers 404
		return nil, err
	}
	lastError := ""
	if queued.LastError != nil {
		lastError = queued.LastError.Error()
	}
	state := "queued"
	if queued.Waits {
		state = "waiting"
	}
	return &logical.Response{Data: map[string]any{
		"state":      state,
		"role":       queued.Row.RoleName,
		"client_id":  queued.Row.ClientID,
		"generation": queued.Row.Generation,
		"since":      spec.Timestamp(queued.Row.EndingSince),
		"expires_at": spec.Timestamp(queued.Row.ExpiresAt),
		"attempts":   queued.Attempts,
		"last_error": lastError,
	}}, nil
}

// deleteRevocation answers DELETE revocations/:token_id. The engine stops trying to revoke the
// token, which stays valid at Paxos until it expires.
func (b *backend) deleteRevocation(ctx context.Context, _ *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	queued, found, err := b.queued(ctx, d)
	if err != nil {
		return nil, err
	}
	fingerprint := d.Get("token_id").(string)
	if forgotten, err := b.broker.Forget(ctx, fingerprint); err != nil || !forgotten {
		return nil, err
	}
	// The broker had a record of the token that is not on the queue: the record could not be read.
	if !found {
		b.logger.Warn("the unreadable record of a token was deleted: the token is valid at Paxos until it expires",
			"token_id", fingerprint)
		return &logical.Response{Warnings: []string{"The record could not be read and was deleted. If the " +
			"token is valid at Paxos, it stays valid until it expires."}}, nil
	}
	b.logger.Warn("the revocation of a token was stopped: the token is valid at Paxos until it expires",
		"token_id", queued.Row.Fingerprint, "role", queued.Row.RoleName, "expires_at", queued.Row.ExpiresAt)
	return &logical.Response{Warnings: []string{
		"The revocation was stopped. The token is valid at Paxos until it expires at " +
			spec.Timestamp(queued.Row.ExpiresAt) + ", and lookup no longer finds it.",
	}}, nil
}

// queued returns the revocation that the request names, and whether it is on the queue.
func (b *backend) queued(ctx context.Context, d *framework.FieldData) (broker.Queued, bool, error) {
	fingerprint := d.Get("token_id").(string)
	if !input.ValidTokenID(fingerprint) {
		return broker.Queued{}, false, errTokenID
	}
	queue, err := b.broker.Queue(ctx)
	i := slices.IndexFunc(queue, func(q broker.Queued) bool { return q.Row.Fingerprint == fingerprint })
	if err != nil || i < 0 {
		return broker.Queued{}, false, err
	}
	return queue[i], true, nil
}

const revocationHelp = `
A token that is no longer issued but not yet revoked, because Paxos was unreachable or
this mount's api_rate was reached. The engine tries again every minute, until the token
is revoked or has expired. A delete stops that: the token then stays valid until it
expires.

A token in state waiting is kept valid for the grace of a rotation or of a change of its
role, and is revoked at the time shown in since. Nothing is wrong with it.

    vault list paxos/revocations
    vault read paxos/revocations/<token_id>
`
