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
		HelpSynopsis: "Access available through this mount, and what should be reduced. Asks Paxos only " +
			"with refresh=true.",
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
		"Objects, one for each scope that anyone could get now: scope, risk, catalogued, roles "+
			"(that give it)."),
	"clients": spec.Required(framework.TypeSlice,
		"Objects: name, client_id, scopes (that it was seen to hold at Paxos), scopes_known, "+
			"risk, secret_set_at, secret_verified, last_issued_at."),
	"roles": spec.Required(framework.TypeInt, "How many roles there are."),
	"signers": spec.Required(framework.TypeSlice,
		"Objects, one for each signer: name, key, client, client_id and kid of the key, roles (whose tokens open "+
			"one of its operations), operations, sources, destinations, end_users, limits, daily_limits, daily_usage, "+
			"unlimited_operations, extra_fields, dangerous_options, disabled, metadata, created_at, signing (enforced, "+
			"not_enforced or unknown), signing_seen_at, signing_evidence (request or list)."),
	"payers": spec.Required(framework.TypeSlice,
		"Objects, one for each role and client whose tokens can pay: role, client, leases_client, operations (that "+
			"pay or decide who is paid), signers (of that client), signing, signing_seen_at, signing_evidence. Unless signing is enforced, "+
			"the limits of signers do not bind them."),
	"sign_limits": spec.Required(framework.TypeKVPairs,
		"By asset: the most that the guardrails let all signers sign in one request."),
	"sign_daily_limits": spec.Required(framework.TypeKVPairs,
		"By asset: the most that the guardrails let all signers together sign in 24 hours."),
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
Every scope that anyone could get through this mount, with its risk and the roles that
give it, and findings: scopes that the client holds and no role uses; roles that can move
money, that nobody has read for 30 days, or that exceed the guardrails or the client;
clients whose secret is old or unverified, or works from any address; and every dangerous
option in force.

signers and payers together say who may have how much paid to whom. signers are what may
be signed: from which profile, to whom, how much. payers are the roles whose tokens can
pay. Where signing is not "enforced", a token alone is enough, for any amount and to
anybody, and the limits of signers do not bind. Before you enforce it in the Dashboard,
read in the suggestion of signing-not-enforced who would be cut off.

fix is the harmless way to resolve a finding. suggestion takes a function away from
somebody: try the fix first. Accepted findings (exceptions/<name>) stand apart, under
accepted.

The order is always the same, so that two reports can be compared with diff. What is known
of Paxos is from the latest comparison (report/drift); refresh=true makes a new one first.
`
