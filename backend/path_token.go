package backend

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/spec"
)

func (b *backend) pathToken() *framework.Path {
	return &framework.Path{
		Pattern:         "token/" + spec.NamePattern + "$",
		HelpSynopsis:    "Issue an access token of a role, without a lease.",
		HelpDescription: tokenHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos", ItemType: "Token"},
		Fields:          issueFields(false).Fields(),
		Operations: spec.Operations{
			logical.ReadOperation: spec.Displayed(spec.OnActive(b.readToken, "Issue an access token without a lease.",
				spec.Body("The token.", tokenAnswer(scheduleAnswer))), "generate", "token"),
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.readToken,
				"Issue an access token without a lease, with fewer scopes than the role's.", spec.Body("The token.",
					tokenAnswer(scheduleAnswer))), "generate", "token-with-parameters"),
		},
	}
}

// scheduleAnswer are the fields by which Vault Agent and the Vault Secrets Operator decide when to
// read a secret again that has no lease.
var scheduleAnswer = spec.Fields{
	"ttl": spec.Required(framework.TypeInt64,
		"Seconds after which to read again. At most the role's poll_interval."),
	"rotation_period":     spec.Required(framework.TypeInt64, "Seconds from one token to the next."),
	"last_vault_rotation": spec.Required(framework.TypeString, "When the token was requested (RFC 3339)."),
}

// readToken answers GET and POST token/:name.
func (b *backend) readToken(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	issued, want, session, err := b.issue(ctx, req, d, false)
	if err != nil {
		return nil, err
	}
	data := answerToken(issued, session)
	period := max(1, spec.Seconds(issued.RefreshAt.Sub(issued.MintedAt)))
	data["ttl"] = min(period, nextReadSeconds(issued, b.options.Now(), want.role.pollInterval(), spread()))
	data["rotation_period"] = period
	data["last_vault_rotation"] = spec.Timestamp(issued.MintedAt)
	return &logical.Response{Data: data, Warnings: issueWarnings(issued)}, nil
}

// spread returns a random factor between 0.8 and 1. Agents that started together do not spread
// their reads by themselves. The factor never exceeds 1, because no agent may come back later than
// its token is sure to be valid.
func spread() float64 { return 1 - 0.2*rand.Float64() } //nolint:gosec // it only spreads requests in time

// nextReadSeconds returns in how many seconds the reader should read again. That is when a refresh
// is due, and at most after the poll_interval of the role, so that a reader whose token was revoked
// soon gets another. It is at least 1, because some clients take 0 for "never" and others for "at
// once", and it is never after the token expires, unless that is less than a second away.
func nextReadSeconds(issued broker.Issued, now time.Time, poll time.Duration, factor float64) int64 {
	wait := time.Duration(float64(min(issued.NextRead.Sub(now), poll)) * factor)
	return max(1, spec.Seconds(min(wait, issued.ExpiresAt.Sub(now))))
}

const tokenHelp = `
Returns the same as creds/<name>, but without a lease. Vault stores nothing for a
reader, however many readers there are. The reader cannot revoke the token. It is
valid until it expires, or until it is revoked by roles/<name>/rotate, a change of
the role, the guardrails or a lockdown.

ttl, rotation_period and last_vault_rotation tell Vault Agent and the Vault Secrets
Operator when to read again.

A write can ask for some of the role's scopes. After HTTP 401 from Paxos, it can name
the token_id of the rejected token as rejected_token_id.

    vault read paxos/token/mint
    vault write paxos/token/mint scopes=funding:read_profile
`
