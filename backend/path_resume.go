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
		Pattern:         resumePath + "$",
		HelpSynopsis:    "Let a mount go on that stopped itself after a gap, as after a restore. Needs sudo.",
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
				"Confirm that this mount is no restored copy.",
				spec.Body("What it was.", resumeAnswer)), "resume", ""),
		},
	}
}

// resumeAnswer are the fields that config/resume returns.
var resumeAnswer = spec.Fields{
	"stopped_since": spec.Required(framework.TypeString,
		"Since when the mount had stopped itself (RFC 3339); empty if it had not."),
	"forgotten_pages": spec.Required(framework.TypeInt,
		"Damaged records of signed payments that were deleted, each of up to 100 payments."),
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
		b.logger.Warn("the mount goes on: an operator has confirmed that it is no restored copy")
		b.announceChange(mountResumed, resumePath, req.Operation)
	}
	return since, nil
}

const resumeHelp = `
A mount with stocked clients whose periodic work paused for more than an hour, as that
of a copy restored from a snapshot, deletes no client at Paxos and promotes none until
this path is written: its record of who holds what may be old. For the same reason
nothing is signed there that counts against a daily limit. On production, after a long
outage, write it. On a copy made for a drill, do not.
`
