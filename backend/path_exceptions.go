package backend

import (
	"context"
	"errors"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/report"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
)

func (b *backend) pathExceptions() *framework.Path {
	return spec.Listing{
		// A list request always reaches the plugin with a slash at the end. The pattern demands the
		// slash, because specialPaths asks for sudo only below exceptions/: without the slash the
		// path would be open to everybody.
		Pattern: exceptionsPrefix + "$", Item: "Exception", Entries: true, Suffix: "exceptions",
		Synopsis: "List the exceptions, which are accepted findings. Needs sudo.", Summary: "List the exceptions.",
		Answer: spec.Body("The names.", spec.DescribedList("For each exception: rule, subject, expires_at and "+
			"expired.")),
		List: b.listExceptions,
	}.Path()
}

func (b *backend) pathException() *framework.Path {
	return &framework.Path{
		Pattern:         exceptionsPrefix + spec.NamePattern + "$",
		HelpSynopsis:    "Accept a finding of the reports for a limited time. Needs sudo.",
		HelpDescription: exceptionHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos", ItemType: "Exception"},
		ExistenceCheck:  spec.EntryExists,
		Fields: spec.Parameters{
			"name": spec.Name("Name of the exception. It is case-sensitive.", "ci-client"),
			"rule": {Type: framework.TypeString, Example: "client-unknown",
				Text: "The rule of the finding, as the report shows it. Required at the first write, and then fixed."},
			"subject": {Type: framework.TypeString, Example: "credential " + exampleClientID,
				Text: "The subject of the finding, exactly as the report shows it. Required at the first write, and then " +
					"fixed."},
			"reason": {Type: framework.TypeString, Example: "Client of the CI team, ticket SEC-123",
				Text: "Why the finding is accepted. Required at the first write."},
			"expires_at": {Type: framework.TypeString, Example: "90d",
				Text: "When the exception ends: a time (RFC 3339) or a duration, at most a year from now. Required at " +
					"the first write."},
		}.Fields(),
		Operations: spec.Operations{
			logical.ReadOperation: spec.Displayed(spec.Reading(b.readException, "Read an exception.",
				spec.Body("The exception.", exceptionAnswer)), "read", "exception"),
			logical.CreateOperation: spec.Displayed(spec.OnActive(b.writeException, "Accept a finding as it is now.",
				spec.NoBody("Stored.")), "write", "exception"),
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.writeException,
				"Accept a finding as it is now. Parameters that are left out keep their value.",
				spec.NoBody("Stored.")), "write", "exception"),
			logical.DeleteOperation: spec.Displayed(spec.OnActive(b.deleteException,
				"Delete an exception. Its finding is open again.", spec.NoBody("Deleted.")), "delete", "exception"),
		},
	}
}

// exceptionAnswer are the fields of an exception that is read.
var exceptionAnswer = spec.Fields{
	"rule":         spec.Required(framework.TypeString, "The rule of the finding."),
	"subject":      spec.Required(framework.TypeString, "The subject of the finding."),
	"reason":       spec.Required(framework.TypeString, "Why the finding is accepted."),
	"expires_at":   spec.Required(framework.TypeString, "When the exception ends (RFC 3339)."),
	"expired":      spec.Required(framework.TypeBool, "Whether the exception has ended."),
	"created_at":   spec.Required(framework.TypeString, "When the exception was first written (RFC 3339)."),
	"accepted_at":  spec.Required(framework.TypeString, "When the exception was last written (RFC 3339)."),
	"display_name": spec.Required(framework.TypeString, "Display name of the Vault token that wrote it last."),
	"entity_id":    spec.Required(framework.TypeString, "Vault entity of that token. Empty if it has none."),
	"accepted":     spec.Required(framework.TypeSlice, "The findings that are accepted. Each has severity and evidence."),
}

// readException answers GET exceptions/:name.
func (b *backend) readException(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	e, err := store.Load[exception](ctx, req.Storage, exceptionsPrefix+d.Get("name").(string))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil // Vault answers 404
	}
	if err != nil {
		return nil, err
	}
	accepted := make([]any, 0, len(e.Accepted))
	for _, a := range e.Accepted {
		accepted = append(accepted, map[string]any{"severity": a.Severity, "evidence": a.Evidence})
	}
	return &logical.Response{Data: map[string]any{
		"rule": string(e.Rule), "subject": e.Subject, "reason": e.Reason,
		"expires_at": spec.Timestamp(e.ExpiresAt), "expired": e.expired(b.options.Now()),
		"created_at": spec.Timestamp(e.CreatedAt), "accepted_at": spec.Timestamp(e.AcceptedAt),
		"display_name": e.DisplayName, "entity_id": e.EntityID, "accepted": accepted,
	}}, nil
}

// writeException answers POST exceptions/:name. An exception accepts findings as they are now, so
// both reports are made first, from what is stored and without a call to Paxos. No lock is held
// meanwhile.
func (b *backend) writeException(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("name").(string)
	all, err := b.allFindings(ctx, req.Storage, req.MountPoint)
	if err != nil {
		return nil, err
	}
	e, err := b.storeException(ctx, req, d, all)
	if err != nil {
		return nil, err
	}
	b.announceChange(exceptionWritten, req.Path, req.Operation)
	b.logger.Info("a finding is accepted", "exception", name, "rule", e.Rule, "subject", e.Subject, "expires_at",
		e.ExpiresAt, "entity_id", e.EntityID)
	b.tallies.outdate()
	return nil, nil
}

// storeException applies the request to the stored exception, or to a new one, and stores it. all
// are the findings of both reports, from which the exception takes those of its rule and subject.
func (b *backend) storeException(ctx context.Context, req *logical.Request, d *framework.FieldData,
	all []report.Finding) (exception, error) {
	key := exceptionsPrefix + d.Get("name").(string)
	b.writes.Lock()
	defer b.writes.Unlock()
	e, err := store.Load[exception](ctx, req.Storage, key)
	if store.Ignoring(err, store.ErrNotFound) != nil {
		return e, err
	}
	now := b.options.Now().UTC()
	if err := e.change(d, now); err != nil {
		return e, err
	}
	if err := e.accept(all); err != nil {
		return e, err
	}
	if e.CreatedAt.IsZero() {
		e.CreatedAt = now
	}
	e.Versioned, e.AcceptedAt, e.DisplayName, e.EntityID = store.Current, now, req.DisplayName, req.EntityID
	return e, store.Put(ctx, req.Storage, key, e)
}

// deleteException answers DELETE exceptions/:name.
func (b *backend) deleteException(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	b.writes.Lock()
	err := store.Delete(ctx, req.Storage, exceptionsPrefix+d.Get("name").(string))
	b.writes.Unlock()
	if err != nil {
		return nil, err
	}
	b.announceChange(exceptionDeleted, req.Path, req.Operation)
	b.tallies.outdate()
	return nil, nil
}

const exceptionHelp = `
An exception accepts the findings of one rule on one subject, for at most a year. The
reports show these findings separately, under accepted, and always count them. The
metrics count them with accepted="true", and paxos-report -fail-on ignores them.

    vault write paxos/exceptions/ci-client rule=client-unknown \
        subject="credential <id>" reason="Client of the CI team" expires_at=90d

Copy rule and subject exactly from the report. A write accepts the finding as it is
now: its severity, its evidence and, for a role, the role and its scopes. If one of
these changes, the exception no longer applies: the finding is open again and says so.
Write the exception again to accept the changed finding. An expired exception is a
finding itself.

A read shows who wrote the exception.
`
