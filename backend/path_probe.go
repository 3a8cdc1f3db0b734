package backend

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/spec"
)

func (b *backend) pathProbe() *framework.Path {
	return &framework.Path{
		Pattern: "probe$",
		HelpSynopsis: "Find out what this account's Paxos does where its documentation is silent. Costs up " +
			"to 3 token requests.",
		HelpDescription: probeHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Operations: spec.Operations{
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.runProbe,
				"Ask Paxos what its documentation does not say.", spec.Body("What was found.",
					probeAnswer)), "probe", ""),
		},
	}
}

// probeAnswer are the fields that a probe returns.
var probeAnswer = spec.Fields{
	"at":             spec.Required(framework.TypeString, "When it was (RFC 3339)."),
	"client_id":      spec.Required(framework.TypeString, "The root client that was used."),
	"token_calls":    spec.Required(framework.TypeInt, "Token requests that it cost."),
	"token_lifetime": spec.Required(framework.TypeInt64, "Seconds that a token lives; 0 if none could be had."),
	"revocation_ends_token": spec.Required(framework.TypeString,
		"yes, no or unknown: whether the API refuses a token that was revoked."),
	"revoked_after": spec.Required(framework.TypeInt64, "Seconds until it did, or for which it was watched."),
	"may_list_credentials": spec.Required(framework.TypeString,
		"yes, no or unknown: whether the root may list the Entity's credentials."),
	"root_is_listed": spec.Required(framework.TypeString,
		"yes, no or unknown: whether that list has the root client itself. Only then does a "+
			"client's absence from it prove anything."),
	"auth_style_basic": spec.Required(framework.TypeString,
		"yes, no or unknown: whether the client may authenticate with HTTP Basic."),
	"rate_limit_headers": spec.Required(framework.TypeStringSlice,
		"Names of the headers that seem to tell of rate limits."),
	"clock_ahead": spec.Required(framework.TypeInt64,
		"Seconds by which Paxos's clock is ahead of this node's; negative if it is behind."),
	"problems": spec.Required(framework.TypeStringSlice, "What could not be found out, and why."),
}

// runProbe answers POST probe. The result is stored for status and for the warnings on leases. No
// setting changes because of it.
func (b *backend) runProbe(ctx context.Context, req *logical.Request,
	_ *framework.FieldData) (*logical.Response, error) {
	if !b.probing.TryLock() {
		return nil, fault.BadRequest("a probe is under way already")
	}
	defer b.probing.Unlock()
	if err := checkStoredLockdown(ctx, req.Storage); err != nil {
		return nil, err
	}
	latest, err := storedProbe(ctx, req.Storage)
	if err == nil {
		err = latest.tooSoon(b.options.Now())
	}
	if err != nil {
		return nil, err
	}
	session, err := b.openSession(ctx, req.Storage)
	if err != nil {
		return nil, err
	}
	defer b.broker.Hold()()
	root, err := storedRoot(ctx, req.Storage)
	if err != nil {
		return nil, err
	}
	minter, err := b.minter(ctx, "", root)
	if err != nil {
		return nil, err
	}
	p := noProbe()
	p.At, p.ClientID = b.options.Now().UTC(), minter.Client.ID()
	// The probe is stored before it runs. A probe that fails half-way has cost token requests too,
	// so tooSoon must know of it.
	if err := b.entries.probe.Put(ctx, req.Storage, probeKey, p); err != nil {
		return nil, err
	}
	if err := p.run(ctx, b, minter, session); err != nil {
		return nil, err
	}
	if err := b.entries.probe.Put(ctx, req.Storage, probeKey, p); err != nil {
		return nil, err
	}
	return &logical.Response{Data: p.answer(), Warnings: p.warnings()}, nil
}

const probeHelp = `
Paxos's documentation does not say whether a revoked token stops working and how
soon, whether HTTP Basic is accepted, or which headers tell of rate limits. A write
asks this account's Paxos, with the root client: it mints a token, tries it out,
revokes it and tries it again; asks for the right to list credentials; and mints once
with HTTP Basic. That costs at most 3 token requests, and it refuses to run again
within 10 minutes. All its tokens are ended, and no setting is changed.

What was found is stored and shown by status. If revocation proved to be without
effect, leases say so in a warning.
`
