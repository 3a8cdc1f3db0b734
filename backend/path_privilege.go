package backend

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/report"
	"vault-plugin-secrets-paxos/backend/spec"
)

func (b *backend) pathPrivilege() *framework.Path {
	return &framework.Path{
		Pattern: privilegePath + "$",
		HelpSynopsis: "Access available through this mount, and what should be reduced. Asks Paxos only with " +
			"refresh=true.",
		HelpDescription: privilegeHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Fields:          reportParameters.Fields(),
		Operations: spec.Operations{
			logical.ReadOperation: spec.Displayed(spec.OnActive(b.readPrivilege,
				"Read the findings for a security review.",
				spec.Body("The report.", privilegeAnswer)), "read", "least-privilege-report"),
		},
	}
}

// privilegeAnswer are the fields of the report.
var privilegeAnswer = reporting(spec.Fields{
	"scopes": spec.Required(framework.TypeSlice,
		"Every scope that this mount can issue now. Each has scope, risk, catalogued and roles (that issue it)."),
	"clients": spec.Required(framework.TypeSlice,
		"The clients that this mount uses. Each has name, client_id, scopes (as Paxos listed them), scopes_known, "+
			"risk, secret_set_at, secret_verified and last_issued_at."),
	"roles": spec.Required(framework.TypeInt, "Number of roles."),
	"signers": spec.Required(framework.TypeSlice,
		"The signers. Each has name, key, client, client_id and kid of the key, roles (whose tokens allow one of its "+
			"operations), operations, sources, destinations, end_users, limits, daily_limits, daily_usage, "+
			"unlimited_operations, extra_fields, dangerous_options, disabled, metadata, created_at, signing (enforced, "+
			"not_enforced or unknown), signing_seen_at and signing_evidence (request or list)."),
	"payers": spec.Required(framework.TypeSlice,
		"The roles and clients whose tokens can pay. Each has role, client, leases_client, operations (that pay, or "+
			"change who is paid), signers (of that client), signing, signing_seen_at and signing_evidence. Unless "+
			"signing is enforced, the limits of signers do not limit them."),
	"sign_limits": spec.Required(framework.TypeKVPairs,
		"For each asset: the most that the guardrails allow in one signed request."),
	"sign_daily_limits": spec.Required(framework.TypeKVPairs,
		"For each asset: the most that the guardrails allow all signers together in 24 hours."),
})

// readPrivilege answers GET report/least-privilege.
func (b *backend) readPrivilege(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	least, seen, warnings, err := b.beginReport(ctx, req, d)
	if err != nil {
		return nil, err
	}
	facts, err := b.facts(ctx, req.Storage, req.MountPoint, seen)
	if err != nil {
		return nil, err
	}
	unknown, err := b.addUsage(ctx, facts.Signers)
	if err != nil {
		return nil, err
	}
	p := report.LeastPrivilege(facts)
	data := p.Answer(least)
	data["roles"], data["scopes"], data["clients"] = len(facts.Roles), p.Scopes(), p.Held()
	data["signers"], data["payers"] = p.ShownSigners(), p.ShownPayers()
	data["sign_limits"], data["sign_daily_limits"] = p.ShownLimits()
	return &logical.Response{Data: data, Warnings: append(warnings, unknown...)}, nil
}

const privilegeHelp = `
Lists every scope that this mount can issue, with its risk and the roles that issue it.
The findings say what to reduce: scopes of a client that no role uses; roles that can
move money, that nobody has read for 30 days, or that exceed the guardrails or their
client; clients whose secret is old or not verified, or works from any address; and
every dangerous option in force.

    vault read -format=json paxos/report/least-privilege severity=medium

signers and payers together say who may be paid how much, and by whom. signers are what
may be signed. payers are the roles whose tokens can pay. Where signing is not
"enforced", a token alone is enough to pay any amount to anybody, and the limits of
signers do not protect you. Before you enforce signing in the Dashboard, read the
suggestion of signing-not-enforced: it names who would lose access.

The commands in fix break nothing. The commands in suggestion take access away from
somebody, so try fix first. Accepted findings (exceptions/<name>) are under accepted.

The order is always the same, so you can compare two reports with diff. What the report
says about Paxos is from the latest comparison (report/drift). refresh=true makes a new
comparison first.
`
