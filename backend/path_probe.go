package backend

import (
	"context"
	"errors"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
)

func (b *backend) pathProbe() *framework.Path {
	return &framework.Path{
		Pattern: "probe$",
		HelpSynopsis: "Find out what this account's Paxos does where its documentation is silent. Costs up " +
			"to 3 token requests.",
		HelpDescription: probeHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Fields: spec.Parameters{
			"check_signing": {Type: framework.TypeBool, Example: "true",
				Text: "Whether to check also that Paxos enforces request signing. The probe sends a withdrawal with an " +
					"empty body, which moves no money. It then does not test HTTP Basic."},
			"client": {Type: framework.TypeString, Otherwise: "the root client", Example: "mint-1",
				Text: "The client under clients/ whose request signing is checked. Only with check_signing=true."},
		}.Fields(),
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
	"signing_enforced": spec.Required(framework.TypeString,
		"enforced, not_enforced or unknown: whether Paxos refuses a withdrawal without a signature. Unknown until a "+
			"probe with check_signing=true."),
	"signing_checked_at": spec.Required(framework.TypeString,
		"When that was checked (RFC 3339); empty if it never was."),
	"signing_client_id": spec.Required(framework.TypeString, "Client ID of the client that it was checked for."),
	"signature_accepted": spec.Required(framework.TypeString,
		"yes, no or unknown: whether Paxos accepted a signature of the client's key then."),
	"problems": spec.Required(framework.TypeStringSlice, "What could not be found out, and why."),
}

// runProbe answers POST probe. The result is stored for status and for the warnings on leases. No
// setting changes because of it.
func (b *backend) runProbe(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	if !b.probing.TryLock() {
		return nil, fault.BadRequest("a probe is under way already")
	}
	defer b.probing.Unlock()
	if err := checkStoredLockdown(ctx, req.Storage); err != nil {
		return nil, err
	}
	latest, err := b.cachedProbe(ctx, req.Storage)
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
	check, err := b.checkedClient(ctx, req.Storage, d, minter)
	if err != nil {
		return nil, err
	}
	p := noProbe()
	p.At, p.ClientID = b.options.Now().UTC(), minter.Client.ID()
	p.signingCheck, p.SigningChecks = latest.signingCheck, latest.SigningChecks
	p.BasicAuth = answerUnknown
	if check != nil && latest.BasicAuth != "" {
		p.BasicAuth = latest.BasicAuth // this probe does not ask
	}
	// The probe is stored before it runs. A probe that fails half-way has cost token requests too,
	// so tooSoon must know of it.
	if err := b.entries.probe.Put(ctx, req.Storage, probeKey, p); err != nil {
		return nil, err
	}
	err = p.run(ctx, b, minter, session, check)
	if err == nil {
		err = checkStoredLockdown(ctx, req.Storage)
	}
	if err != nil {
		return nil, err
	}
	if err := b.entries.probe.Put(ctx, req.Storage, probeKey, p); err != nil {
		return nil, err
	}
	return &logical.Response{Data: p.answer(), Warnings: p.warnings()}, nil
}

// checkedClient returns the client whose request signing is to be checked; nil if none is. The root
// client's minter is given.
func (b *backend) checkedClient(ctx context.Context, s logical.Storage, d *framework.FieldData,
	root broker.Minter) (*broker.Minter, error) {
	checks, _ := input.Given[bool](d, "check_signing")
	name, _ := input.Given[string](d, "client")
	switch {
	case name != "" && !checks:
		return nil, fault.BadRequest("client is for check_signing=true only")
	case !checks:
		return nil, nil
	case name == "":
		return &root, nil
	}
	n, err := loadStoredClient(ctx, s, name)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, fault.BadRequest("Client %s is not stored under clients/.", input.Excerpt(name))
	case err != nil:
		return nil, err
	case n.Purpose == purposeLease:
		return nil, fault.BadRequest("Client %q is for leasing: only clients that this mount requests tokens with can be "+
			"checked.", name)
	case n.Disabled || n.State != stateAvailable:
		return nil, fault.BadRequest("Client %q cannot be used: it is disabled, or its state is not %q.", name,
			stateAvailable)
	}
	minter, err := b.minter(ctx, name, n.client)
	return &minter, err
}

const probeHelp = `
Paxos's documentation does not say whether a revoked token stops working and how
soon, whether HTTP Basic is accepted, or which headers tell of rate limits. A write
asks this account's Paxos, with the root client: it mints a token, tries it out,
revokes it and tries it again; asks for the right to list credentials; and mints once
with HTTP Basic. That costs at most 3 token requests, and it refuses to run again
within 10 minutes. All its tokens are ended, and no setting is changed.

With check_signing=true it finds out whether Paxos enforces request signing for the
root client or a client under clients/: it sends a withdrawal with the body {}, which
moves nothing, without a signature, and with one if the client has a key with a Key
ID. That needs a client that holds transfer:write_crypto_withdrawal, and costs one
token request in place of the one for HTTP Basic. If signing_enforced is
not_enforced, a token alone is enough to pay, whatever the signers allow.

    vault write paxos/probe check_signing=true

What was found is stored and shown by status. If revocation proved to be without
effect, leases say so in a warning.
`
