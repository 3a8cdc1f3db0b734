package backend

import (
	"context"
	"errors"
	"net/http"

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
		HelpSynopsis: "Test undocumented Paxos behavior with your account (revocation, lifetime, HTTP Basic). Uses " +
			"up to 3 token requests.",
		HelpDescription: probeHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Fields: spec.Parameters{
			"check_signing": {Type: framework.TypeBool, Example: "true",
				Text: "Whether to also check if Paxos enforces request signing. The probe sends a withdrawal with an " +
					"empty body, which moves no money. It then does not test HTTP Basic."},
			"client": {Type: framework.TypeString, Otherwise: "the root client", Example: "mint-1",
				Text: "The client under clients/ whose request signing is checked. Only with check_signing=true."},
		}.Fields(),
		Operations: spec.Operations{
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.runProbe,
				"Test undocumented Paxos behavior with your account. Uses up to 3 token requests.", spec.Body("What was found.",
					probeAnswer)), "probe", ""),
		},
	}
}

// probeAnswer are the fields that a probe returns.
var probeAnswer = spec.Fields{
	"at":             spec.Required(framework.TypeString, "When the probe ran (RFC 3339)."),
	"client_id":      spec.Required(framework.TypeString, "Client ID of the root client that was used."),
	"token_calls":    spec.Required(framework.TypeInt, "Token requests that the probe used."),
	"token_lifetime": spec.Required(framework.TypeInt64, "Lifetime of a token in seconds. 0 if no token was issued."),
	"revocation_ends_token": spec.Required(framework.TypeString,
		"yes, no or unknown: whether the API rejects a token that was revoked."),
	"revoked_after": spec.Required(framework.TypeInt64,
		"Seconds until the API rejected it, or for which the probe waited."),
	"may_list_credentials": spec.Required(framework.TypeString,
		"yes, no or unknown: whether the root client may list the Entity's credentials."),
	"root_is_listed": spec.Required(framework.TypeString,
		"yes, no or unknown: whether that list contains the root client itself. Only then does it prove anything if "+
			"another client is missing."),
	"auth_style_basic": spec.Required(framework.TypeString,
		"yes, no or unknown: whether the client may authenticate with HTTP Basic."),
	"rate_limit_headers": spec.Required(framework.TypeStringSlice,
		"Names of the headers that seem to be about rate limits."),
	"clock_ahead": spec.Required(framework.TypeInt64,
		"Seconds by which Paxos's clock is ahead of this node's clock. Negative if it is behind."),
	"signing_enforced": spec.Required(framework.TypeString,
		"enforced, not_enforced or unknown: whether Paxos rejects a withdrawal without a signature. unknown until a "+
			"probe with check_signing=true."),
	"signing_checked_at": spec.Required(framework.TypeString,
		"When that was checked (RFC 3339). Empty if it never was."),
	"signing_client_id": spec.Required(framework.TypeString, "Client ID of the client that it was checked for."),
	"signature_accepted": spec.Required(framework.TypeString,
		"yes, no or unknown: whether Paxos accepted a signature of the client's key then."),
	"problems": spec.Required(framework.TypeStringSlice, "What the probe could not find out, and why."),
}

// runProbe answers POST probe. The result is stored for status and for the warnings on leases. No
// setting changes because of it.
func (b *backend) runProbe(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	if !b.probing.TryLock() {
		return nil, fault.New(http.StatusTooManyRequests, "A probe is already running. Retry in a moment.")
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
		return nil, fault.BadRequest("client is allowed only with check_signing=true.")
	case !checks:
		return nil, nil
	case name == "":
		return &root, nil
	}
	n, err := loadStoredClient(ctx, s, name)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, noSuchClient(name)
	case err != nil:
		return nil, err
	case n.Purpose == purposeLease:
		return nil, fault.BadRequest("Client %q has purpose=lease. Only clients that this mount requests tokens with can be "+
			"checked.", name)
	case n.Disabled || n.State != stateAvailable:
		why := n.State.described()
		if n.Disabled {
			why = "is disabled"
		}
		return nil, fault.BadRequest("Client %q cannot be checked, because it %s.", name, why)
	}
	minter, err := b.minter(ctx, name, n.client)
	return &minter, err
}

const probeHelp = `
Paxos's documentation does not say whether a revoked token stops working and how soon,
whether HTTP Basic is accepted, or which headers are about rate limits. A write tests
this with the root client: it requests a token, uses it, revokes it and uses it again;
tries to list credentials; and requests one token with HTTP Basic. That uses at most 3
token requests. All these tokens are revoked, and no setting is changed. A probe can run
again after 10 minutes.

    vault write -f paxos/probe
    vault write paxos/probe check_signing=true

With check_signing=true the probe finds out whether Paxos enforces request signing for
the root client, or for a client under clients/. It sends a withdrawal with the body {},
which moves no money: once without a signature and, if the client has a key with a Key
ID, once with one. The client needs transfer:write_crypto_withdrawal. This takes the
place of the test of HTTP Basic. If signing_enforced is not_enforced, a token alone is
enough to pay, whatever the signers allow.

The result is stored, and status shows it. If revocation has no effect, leases say so in
a warning.
`
