package backend

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/payment"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/spending"
	"vault-plugin-secrets-paxos/backend/store"
)

// Errors in the chain of a refusal to count a payment.
var (
	errPaused = errors.New("the mount is paused") // it may be a restored snapshot
	errClock  = errors.New("the clock is wrong")
)

// unsigned turns the reason why a request to this signer is not signed into an error for the caller. It
// repeats no value from the request's body, except sums that are calculated here.
func unsigned(err error, signerName string) error {
	var (
		malformed *payment.Malformed
		refused   *payment.Refusal
		exceeded  *spending.Exceeded
		reused    *spending.RefReused
		tooMany   *spending.TooMany
		notLoaded *spending.NotLoaded
		notStored *spending.NotStored
	)
	switch {
	case readOnly(err): // a node that can write answers
		return err
	case errors.As(err, &malformed):
		return fault.Invalid(malformed)
	case errors.As(err, &refused):
		return fault.Forbidden("%s. %s", refused, whoseLimit(refused.Limit, signerName))
	case errors.As(err, &exceeded):
		return fault.Forbidden("amount is too large: %s.%s has %s of %s left. %s %s",
			dailyLimitOf(exceeded), exceeded.Asset, exceeded.Left, exceeded.Limit, whenMore(exceeded),
			whoseLimit(dailyLimitOf(exceeded), signerName))
	case errors.As(err, &reused):
		return fault.Forbidden("ref_id was already signed with another operation, path or body, and that request counts until "+
			"%s. To repeat it, send the same bytes. For another payment, use a new ref_id.",
			spec.Timestamp(reused.Until))
	case errors.As(err, &tooMany):
		return fault.Forbidden("This mount already counts %d payments, which is the maximum. The oldest one counts until %s. "+
			"Sign again then.",
			spending.MaxPayments, spec.Timestamp(tooMany.NextAt))
	case store.IsUnreadable(err) && errors.As(err, &notLoaded):
		return fault.New(http.StatusInternalServerError, "Not signed: the record of signed payments is damaged. Contact "+
			"your Vault operators. Operators: restore the entry, or run `vault write %sconfig/resume "+
			"forget_damaged_payments=true` (see its help). Cause: %s.", mountMark, err)
	case errors.As(err, &notLoaded), errors.As(err, &notStored):
		return fault.New(http.StatusInternalServerError, "Not signed: storage failed, so it is not certain that the "+
			"payment is counted. Send the same request again: it counts once. Cause: %s.", err)
	}
	return err
}

// whoseLimit tells operators where to see and change a limit. The caller can change none.
func whoseLimit(parameter, signerName string) string {
	const contact = "Contact your Vault operators. Operators: this limit is "
	if strings.HasPrefix(parameter, "sign_") {
		return contact + "for all signers together; see `vault read " + mountMark + "config/guardrails` (needs sudo)."
	}
	return contact + "of signer " + strconv.Quote(signerName) + "; see `vault read " + mountMark + signersPrefix +
		signerName + "`."
}

// whenMore says when a daily limit leaves more.
func whenMore(exceeded *spending.Exceeded) string {
	if exceeded.Amount.Cmp(exceeded.Limit) > 0 {
		return "The amount is larger than the whole limit, so waiting does not help."
	}
	return "More is available after " + spec.Timestamp(exceeded.NextAt) + "."
}

// dailyLimitOf is the parameter that has the daily limit which a payment exceeds.
func dailyLimitOf(exceeded *spending.Exceeded) string {
	if exceeded.Signer == spending.Mount {
		return "sign_daily_limits"
	}
	return "daily_limits"
}

// outcomeOf names how a request for a signature ended, for metrics and events: signed, or the
// parameter or the state that did not allow it. There are only a few.
func outcomeOf(err error) string {
	var (
		malformed *payment.Malformed
		refused   *payment.Refusal
		exceeded  *spending.Exceeded
		reused    *spending.RefReused
		tooMany   *spending.TooMany
	)
	switch {
	case err == nil:
		return "signed"
	case errors.Is(err, errLocked):
		return "lockdown"
	case errors.Is(err, errPaused):
		return "paused"
	case errors.Is(err, errClock):
		return "clock"
	case errors.As(err, &malformed):
		return "invalid"
	case errors.As(err, &refused):
		return refused.Limit
	case errors.As(err, &exceeded):
		return dailyLimitOf(exceeded)
	case errors.As(err, &reused):
		return "ref_id"
	case errors.As(err, &tooMany):
		return "too_many_payments"
	}
	return reasonOf(err)
}
