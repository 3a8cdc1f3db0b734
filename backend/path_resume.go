package backend

import (
	"context"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/spec"
)

func (b *backend) pathResume() *framework.Path {
	return &framework.Path{
		Pattern: resumePath + "$",
		HelpSynopsis: "Resume a mount that paused client deletion and promotion because it had not run for over an " +
			"hour, as after a restore. Needs sudo.",
		HelpDescription: resumeHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Fields: spec.Parameters{
			"forget_damaged_payments": {Type: framework.TypeBool, Example: "true",
				Text: "Dangerous. Whether to delete the records of signed payments that cannot be read. While there is " +
					"such a record, nothing that counts against a daily limit is signed. After the deletion, these " +
					"payments do not count, so daily limits may be exceeded for 24 hours and 35 minutes."},
		}.Fields(),
		Operations: spec.Operations{
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.resume,
				"Confirm that this mount is not a restored copy.",
				spec.Body("What was resumed.", resumeAnswer)), "resume", ""),
		},
	}
}

// resumeAnswer are the fields that config/resume returns.
var resumeAnswer = spec.Fields{
	"stopped_since": spec.Required(framework.TypeString,
		"When the mount paused (RFC 3339). Empty if it was not paused."),
	"forgotten_pages": spec.Required(framework.TypeInt,
		"Damaged records of signed payments that were deleted. Each has up to 100 payments."),
}

// resume answers POST config/resume: the mount may delete and promote clients again. On a mount
// that is not paused it changes nothing, unless damaged payments are to be forgotten.
func (b *backend) resume(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	forgotten := 0
	if forget, _ := input.Given[bool](d, "forget_damaged_payments"); forget {
		var err error
		if forgotten, err = b.forgetDamagedPayments(ctx); err != nil {
			return nil, err
		}
	}
	since, err := b.resumePulse(ctx, req)
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{"stopped_since": spec.Timestamp(since),
		"forgotten_pages": forgotten}}, nil
}

// resumePulse ends the pause of the mount, and returns since when it was paused.
func (b *backend) resumePulse(ctx context.Context, req *logical.Request) (since time.Time, err error) {
	b.writes.Lock()
	defer b.writes.Unlock()
	p, err := storedPulse(ctx, req.Storage)
	if err != nil {
		return since, err
	}
	since = p.Stopped
	if !since.IsZero() {
		p.Stopped, p.At, p.Steady = time.Time{}, b.options.Now().UTC(), true
		if err := b.putPulse(ctx, p); err != nil {
			return since, err
		}
		b.logger.Warn("the mount was resumed: an operator confirmed that it is not a restored snapshot")
		b.announceChange(mountResumed, resumePath, req.Operation)
	}
	return since, nil
}

const resumeHelp = `
A mount that did not run for over an hour may be a copy that was restored from a
snapshot. Its record of who leases which client may be old. So it pauses: it deletes no
client at Paxos, promotes none, and signs nothing that counts against a daily limit,
until you write to this path.

    vault write -f paxos/config/resume

Run this on the live mount, for example after a long outage. Do not run it on a restored
copy.
`
