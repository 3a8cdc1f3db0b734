package backend

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/report"
	"vault-plugin-secrets-paxos/backend/spec"
)

func (b *backend) pathDrift() *framework.Path {
	return &framework.Path{
		Pattern: driftPath + "$",
		HelpSynopsis: "Compare Paxos's list of credentials with this mount's records. Asks Paxos only with " +
			"refresh=true.",
		HelpDescription: driftHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Fields:          reportParameters.Fields(),
		Operations: spec.Operations{
			logical.ReadOperation: spec.Displayed(spec.OnActive(b.readDrift,
				"Read the latest comparison, or make a new one.",
				spec.Body("The comparison.", driftAnswer)), "read", "drift-report"),
		},
	}
}

// reportParameters are the parameters of every report.
var reportParameters = spec.Parameters{
	"refresh": {
		Type: framework.TypeBool, Query: true, Example: "true",
		Text: "Whether to ask Paxos for its list of credentials first. The root client needs " + paxos.ListScope +
			". Costs one token request. At most once a minute.",
	},
	"severity": {
		Type: framework.TypeString, Query: true, Default: report.Info.String(), Example: report.Medium.String(),
		Allowed: []string{"high", "medium", "low", "info"},
		Text:    "The lowest severity to show: high, medium, low or info.",
	},
}

// findingsAnswer describes the fields that the answer of every report has.
var findingsAnswer = spec.Fields{
	"findings": spec.Required(framework.TypeSlice,
		"The open findings, the most severe first. Each has severity (high, medium, low, info), rule, subject, reason, "+
			"evidence (a list), fix (commands that break nothing; lines that begin with # are for a person), "+
			"suggestion (the same, but it takes access away from somebody) and note (why an exception for it does not "+
			"apply)."),
	"counts": spec.Required(framework.TypeMap,
		"How many open findings there are of each severity, whether they are shown or not."),
	"accepted": spec.Required(framework.TypeSlice,
		"The findings that somebody accepted. Each is as in findings, with exception (its path), accepted_reason, "+
			"accepted_by, accepted_at and expires_at."),
	"accepted_count": spec.Required(framework.TypeInt,
		"How many accepted findings there are, whether they are shown or not."),
	"compared_at": spec.Required(framework.TypeString,
		"When Paxos was last asked for its list (RFC 3339). Empty if it never was."),
	"listed_at": spec.Required(framework.TypeString,
		"When Paxos last returned its list (RFC 3339). Empty if it never did."),
}

// reporting returns findingsAnswer together with the further fields of one report. It changes
// further.
func reporting(further spec.Fields) spec.Fields {
	for name, field := range findingsAnswer {
		further[name] = field
	}
	return further
}

// driftAnswer describes the answer of a read of report/drift.
var driftAnswer = reporting(spec.Fields{
	"may_list": spec.Required(framework.TypeString,
		"yes, no or unknown: whether the root client was allowed to list credentials when it last tried."),
	"credentials": spec.Required(framework.TypeSlice,
		"The credentials that Paxos lists. Each has client_id, known_as (the name of the client on this mount; "+
			"\"(another mount)\" if another mount of this plugin process has it; otherwise empty), label, status, "+
			"risk, scopes, ip_allowlist, enforce_request_signing, public_keys, created_at and changed_at."),
	"left_out": spec.Required(framework.TypeInt,
		"How many credentials the report does not show, because Paxos lists too many."),
})

// readDrift answers GET report/drift.
func (b *backend) readDrift(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	least, list, warnings, err := b.beginReport(ctx, req, d)
	if err != nil {
		return nil, err
	}
	facts, err := b.facts(ctx, req.Storage, req.MountPoint, list)
	if err != nil {
		return nil, err
	}
	r := report.Drift(facts)
	data := r.Answer(least)
	data["may_list"], data["credentials"], data["left_out"] = list.mayList(), r.ShownCredentials(), list.Left
	return &logical.Response{Data: data, Warnings: warnings}, nil
}

// mayList says whether the root client was allowed to list credentials when it last tried.
func (c credentialList) mayList() string {
	if c.At.IsZero() {
		return answerUnknown
	}
	return yesOrNo(!c.Refused)
}

// beginReport returns what every report starts from: the least severity that the request wants to
// see, and Paxos's list. With refresh=true it asks Paxos first, unless Paxos answered less than a
// minute ago.
func (b *backend) beginReport(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (least report.Severity, list credentialList, warnings []string, err error) {
	if least, err = report.ParseSeverity(d.Get("severity").(string)); err != nil {
		return least, list, nil, fault.Invalid(err)
	}
	if list, err = b.credentialList(ctx, req.Storage); err != nil || !d.Get("refresh").(bool) {
		return least, list, nil, err
	}
	if list.recent(b.options.Now(), comparisonPause) && !list.At.Before(list.TriedAt) {
		return least, list, []string{"The last refresh was less than a minute ago, so Paxos was not asked " +
			"again. This is the result of that refresh."}, nil
	}
	list, err = b.compare(ctx, req.Storage)
	return least, list, nil, err
}

const driftHelp = `
Compares the credentials that Paxos lists for your Entity with the records of this
mount. It finds clients that no mount of this plugin process has, clients that are
disabled or missing, changed scopes or IP allow-lists, and clients without an IP
allow-list or without enforced request signing.

A read shows the latest comparison. refresh=true makes a new one; the root client needs
api_creds:read_credentials for that. After the first success, the engine compares every
hour, and sends an event for each new finding of severity medium or high.

    vault read -format=json paxos/report/drift refresh=true

The commands in fix break nothing. The commands in suggestion take access away from
somebody, so try fix first. Accepted findings (exceptions/<name>) are under accepted.

label and evidence contain text from the Dashboard, which others may have written. Do
not trust it. fix and suggestion contain no label.
`
