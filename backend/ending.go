package backend

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/framework"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/spec"
)

// graceField returns the parameter grace of requests that take tokens out of service.
func graceField() spec.Parameter {
	return spec.Parameter{
		Type: framework.TypeDurationSecond, Query: true, Example: "10m",
		Text: "How long tokens that this request stops issuing stay valid, so that their readers can fetch new " +
			"ones, at most 20m. With 0s they are revoked at once. The role does not keep this value.",
	}
}

// graceOf returns the grace that the request asks for. HandleRequest has checked its bounds.
func graceOf(d *framework.FieldData) (grace time.Duration) {
	input.PatchSeconds(d, "grace", &grace)
	return grace
}

// spare keeps the periodic work from ending the tokens of a role that is about to change. After the
// change and before the broker has recorded the grace, the periodic work would otherwise revoke
// them at once. The caller calls done when the broker has dealt with the tokens.
func (b *backend) spare(name string, grace time.Duration) (done func()) {
	if grace == 0 {
		return func() {}
	}
	return b.broker.Spare(name)
}

// endingWarnings tell the operator what a request did to the tokens of a role, and when the
// applications that hold them will get new ones. again says that the role still issues tokens.
func endingWarnings(name string, r role, ending broker.Ending, again bool) (warnings []string) {
	readers := fmt.Sprintf("Vault Agent does so within %s for token/%s, and at the end of the lease for creds/%s.",
		input.Short(r.pollInterval()), name, name)
	if ended := ending.Ended + ending.Pending; ended > 0 {
		until := " until they read again. " + readers
		if !again {
			until = ", and this role issues no other one."
		}
		warnings = append(warnings, revoked("this role", ending.Ended, ending.Pending)+
			" Applications that hold a revoked token get 401 from Paxos"+until)
	}
	if ending.Waiting > 0 {
		text := fmt.Sprintf("%s of this role %s no longer issued and will be revoked at %s.",
			quantity(ending.Waiting, "token"), isOrAre(ending.Waiting), spec.Timestamp(ending.At))
		if again {
			text += " Applications that read again before then are not affected. " + readers
		}
		warnings = append(warnings, text)
	}
	return warnings
}

// endedWarning tells the operator what a change did to the tokens of several roles. ended were
// revoked, pending will be.
func endedWarning(of string, ended, pending int) string {
	return revoked(of, ended, pending) + " Applications that hold a revoked token get 401 from Paxos until they read " +
		"again. Vault Agent does so within the role's poll_interval for token/, and at the end of the lease for creds/."
}

// revoked returns a sentence that says how many tokens were revoked, and how many are still to be.
func revoked(of string, ended, pending int) string {
	text := fmt.Sprintf("%s of %s %s revoked", quantity(ended, "token"), of, wasOrWere(ended))
	if pending > 0 {
		text += fmt.Sprintf("; %d more %s no longer issued and will be revoked as soon as possible", pending,
			isOrAre(pending))
	}
	return text + "."
}

// rolesNamed names roles within a sentence: role "mint", or roles mint, tracker.
func rolesNamed(names []string) string {
	if len(names) == 1 {
		return fmt.Sprintf("role %q", names[0])
	}
	return "roles " + input.Shortened(names)
}

// quantity returns a number with the noun that it counts, such as "1 token" or "2 tokens".
func quantity(count int, noun string) string {
	if count == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", count, noun)
}

func isOrAre(count int) string {
	if count == 1 {
		return "is"
	}
	return "are"
}

func wasOrWere(count int) string {
	if count == 1 {
		return "was"
	}
	return "were"
}

// unreadableWarnings names the tokens that cannot be revoked because their records cannot be read.
// It is not known which role they are of, so the rotation of any role returns these warnings.
func (b *backend) unreadableWarnings(ctx context.Context) []string {
	fingerprints, err := b.broker.Unreadable(ctx)
	if err != nil || len(fingerprints) == 0 {
		return nil
	}
	return []string{fmt.Sprintf(
		"The records of %s cannot be read, so these tokens were not revoked. They may be of any role, and "+
			"expire at most an hour after they were issued: token_id %s.",
		quantity(len(fingerprints), "token"), strings.Join(fingerprints, ", "))}
}

// orphans warns that a forced deletion left this many tokens that can no longer be revoked. It
// returns nil if there are none.
func orphans(count int) []string {
	if count == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s could not be revoked. Paxos accepts them until they expire, at most an "+
		"hour after they were issued.", quantity(count, "token"))}
}

// refuseNeeded refuses to delete what is needed to revoke tokens. The last verb of the format is for
// the time at which the last of these tokens expires.
func (b *backend) refuseNeeded(ctx context.Context, of func(broker.Row) bool, format string, values ...any) error {
	last, err := b.lastExpiry(ctx, of)
	if err != nil {
		return err
	}
	until := "" // a token that is being requested counts too, and has no record yet
	if !last.IsZero() {
		until = " (the last at " + spec.Timestamp(last) + ")"
	}
	return fault.BadRequest(format, append(values, until)...)
}

// lastExpiry returns when the last of the valid tokens expires that of selects; zero if there is none.
func (b *backend) lastExpiry(ctx context.Context, of func(broker.Row) bool) (last time.Time, err error) {
	rows, err := b.broker.Live(ctx)
	for _, row := range rows {
		if of(row) && row.ExpiresAt.After(last) {
			last = row.ExpiresAt
		}
	}
	return last, err
}
