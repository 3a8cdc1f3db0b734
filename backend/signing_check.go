package backend

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/spec"
)

// Whether Paxos enforces request signing for a client.
const (
	signingEnforced    = "enforced"
	signingNotEnforced = "not_enforced"
)

// A signingCheck is what the latest check of request signing showed, of one client. Later probes
// without a check keep it.
type signingCheck struct {
	// SigningEnforced is signingEnforced, signingNotEnforced or answerUnknown; "" if there was no
	// check.
	SigningEnforced   string    `json:"signing_enforced,omitempty"`
	SigningCheckedAt  time.Time `json:"signing_checked_at,omitzero"`
	SigningClientID   string    `json:"signing_client_id,omitempty"`
	SignatureAccepted string    `json:"signature_accepted,omitempty"`
}

// mostSigningChecks bounds how many clients a probe remembers a check of.
const mostSigningChecks = 64

// conclude remembers the check, if it had a result. If there is no room, the oldest check is
// forgotten.
func (p *probe) conclude() {
	if p.SigningEnforced != signingEnforced && p.SigningEnforced != signingNotEnforced {
		return
	}
	checks := maps.Clone(p.SigningChecks) // the map may be the one of an earlier probe, which others read
	if checks == nil {
		checks = map[string]signingCheck{}
	}
	checks[p.SigningClientID] = p.signingCheck
	for len(checks) > mostSigningChecks {
		delete(checks, slices.MinFunc(slices.Collect(maps.Keys(checks)), func(a, z string) int {
			return checks[a].SigningCheckedAt.Compare(checks[z].SigningCheckedAt)
		}))
	}
	p.SigningChecks = checks
}

// answer is the check as a probe and status show it.
func (c signingCheck) answer() map[string]any {
	return map[string]any{
		"signing_enforced":   cmp.Or(c.SigningEnforced, answerUnknown),
		"signing_checked_at": spec.Timestamp(c.SigningCheckedAt),
		"signing_client_id":  c.SigningClientID,
		"signature_accepted": cmp.Or(c.SignatureAccepted, answerUnknown),
	}
}

// checkSigning sends a withdrawal with the body {}, which cannot move anything, without a signature
// and, if the client has a key with a Key ID, with one. Paxos does not document how it refuses a
// missing signature, so the two answers are compared as well as read.
func (p *probe) checkSigning(ctx context.Context, b *backend, minter broker.Minter, session *paxosSession) error {
	p.signingCheck = signingCheck{SigningEnforced: answerUnknown, SigningCheckedAt: b.options.Now().UTC(),
		SigningClientID: minter.Client.ID(), SignatureAccepted: answerUnknown}
	err := p.request(ctx, b, minter, paxos.WithdrawalScope,
		func(ctx context.Context, grant paxos.Grant) error {
			return p.tryWithdrawals(ctx, b, minter, session, grant.Bearer())
		})
	if paxos.IsInvalidScope(err) {
		p.Problems = append(p.Problems, fmt.Sprintf("Could not find out whether request signing is enforced: "+
			"client %s lacks %s, which the check needs.", minter.Client.ID(), paxos.WithdrawalScope))
		return nil
	}
	return err
}

// tryWithdrawals sends both withdrawals and judges the answers. A lockdown that began meanwhile stops
// it before the next one is signed.
func (p *probe) tryWithdrawals(ctx context.Context, b *backend, minter broker.Minter, session *paxosSession,
	bearer paxos.Bearer) error {
	try := func(signed bool) (seen paxos.Attempt, ok bool, err error) {
		if err := checkStoredLockdown(ctx, b.storage); err != nil {
			return seen, false, err
		}
		err = b.broker.Call(ctx, minter.Client.Route(), func(ctx context.Context) (err error) {
			seen, ok, err = session.AttemptWithdrawal(ctx, bearer, signed)
			return err
		})
		return seen, ok, err
	}
	unsigned, _, err := try(false)
	if err != nil {
		p.Problems = append(p.Problems, problem("Could not find out whether request signing is enforced.", err))
		return breaksOff(err)
	}
	var with *paxos.Attempt
	switch signed, ok, err := try(true); {
	case err != nil:
		p.Problems = append(p.Problems, problem("A signed request could not be tested.", err))
		if breaksOff(err) != nil {
			return err
		}
	case ok:
		with = &signed
		// What decides may be a difference between two answers, so chance must not have made it.
		again, _, err := try(false)
		if err != nil || again != unsigned {
			p.Problems = append(p.Problems, problem("Paxos answered the same unsigned withdrawal in two ways.", err))
			return breaksOff(err)
		}
	}
	var why string
	p.SigningEnforced, p.SignatureAccepted, why = judgeSigning(unsigned, with)
	p.conclude()
	if why != "" {
		p.Problems = append(p.Problems, why)
	}
	if unsigned.Executed() || with != nil && with.Executed() {
		b.logger.Error("Paxos accepted a withdrawal with an empty body, which cannot be valid: ask Paxos what it did, "+
			"and check the account", "client_id", bearer.ClientID)
	}
	b.logger.Info("checked whether Paxos enforces request signing", "client_id", bearer.ClientID,
		"signing_enforced", p.SigningEnforced, "signature_accepted", p.SignatureAccepted)
	return nil
}

// breaksOff returns the error if nothing more may be sent: Paxos rate-limits the address, or the mount is
// in lockdown.
func breaksOff(err error) error {
	if errors.Is(err, errLocked) {
		return err
	}
	if refused := new(paxos.Error); errors.As(err, &refused) && refused.Throttled() {
		return err
	}
	return nil
}

// judgeSigning concludes from the answers to the unsigned and the signed withdrawal whether signing
// is enforced, and whether Paxos accepted the signature. signed is nil if the client has no key
// that signs. why says what keeps it from a conclusion, or what is alarming. In doubt the answer is
// unknown, because it would cost money to rely on an enforcement that does not exist.
func judgeSigning(unsigned paxos.Attempt, signed *paxos.Attempt) (enforced, accepted, why string) {
	accepted = answerUnknown
	// The signed one was refused for its body, which is looked at last, and the other for something
	// else.
	differ := signed != nil && signed.Validation && !unsigned.Scope && (unsigned.Status == http.StatusBadRequest ||
		unsigned.Status == http.StatusUnauthorized || unsigned.Status == http.StatusForbidden)
	switch {
	case unsigned.Executed():
		return signingNotEnforced, accepted, fmt.Sprintf("Paxos accepted a withdrawal with an empty body and without a "+
			"signature (HTTP %d).", unsigned.Status)
	case unsigned.Validation:
		return signingNotEnforced, accepted, ""
	case unsigned.Signature, differ:
		if signed != nil {
			accepted = acceptedOf(*signed)
		}
		return signingEnforced, accepted, ""
	case unsigned.Scope:
		why = fmt.Sprintf("Could not find out whether request signing is enforced: Paxos refused the withdrawal "+
			"for its scope (HTTP %d).", unsigned.Status)
	case signed == nil:
		why = fmt.Sprintf("Could not find out whether request signing is enforced: Paxos refused the unsigned "+
			"withdrawal (HTTP %d) and does not say why. Create a key with a Key ID and check again.", unsigned.Status)
	default:
		why = fmt.Sprintf("Could not find out whether request signing is enforced: Paxos refused the unsigned "+
			"withdrawal (HTTP %d) and the signed one (HTTP %d), and does not say why.", unsigned.Status, signed.Status)
	}
	return answerUnknown, accepted, why
}

// acceptedOf says whether Paxos accepted the signature of a withdrawal, where it demands one.
func acceptedOf(signed paxos.Attempt) string {
	switch {
	case signed.Validation, signed.Executed():
		return answerYes
	case signed.Signature:
		return answerNo
	}
	return answerUnknown
}
