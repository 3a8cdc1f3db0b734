package payment

import (
	"slices"
	"strings"
)

// Any stands for all sources, destinations or end users.
const Any = "*"

// A Policy says which payments are allowed. The zero value allows nothing.
type Policy struct {
	Operations          []string // Paxos's operationIds
	Sources             []string // ids of profiles, or Any
	Destinations        []string // in the form of Destination.String, or Any
	EndUsers            []string // ids of identities and accounts, or Any
	Limits              Limits
	UnlimitedOperations []string // those of Operations whose amount need not be judged
	ExtraFields         []string // top-level fields of bodies that this version does not know
}

// Check refuses a payment that the policy does not allow. Every error is a *Refusal.
func (p Policy) Check(payment Payment) error {
	if !slices.Contains(p.Operations, payment.Operation) {
		return &Refusal{Field: "operation", Limit: "operations", Reason: "is not in operations"}
	}
	known := operations()[payment.Operation]
	switch {
	case payment.Judged != known.Judged:
		return &Refusal{Field: "operation", Limit: "operations",
			Reason: "was judged by other rules than this version has, so it is not signed"}
	case payment.Judged == "": // it moves nothing
		return nil
	}
	if payment.Judged == Unlimited && !slices.Contains(p.UnlimitedOperations, payment.Operation) {
		return &Refusal{Field: "operation", Limit: "unlimited_operations",
			Reason: "has no amount in its body, so no limit applies to it. It must be in unlimited_operations too"}
	}
	for _, field := range payment.ExtraFields {
		if !slices.Contains(p.ExtraFields, field) {
			return &Refusal{Field: fieldName(&shape{}, field), Limit: "extra_fields",
				Reason: "is a field that this version does not know. It must be left out, or be in extra_fields"}
		}
	}
	return p.checkParties(known, payment)
}

// checkParties refuses a payment from, to or for somebody that the policy does not name, and then
// one that is beyond the limits.
func (p Policy) checkParties(known operation, payment Payment) error {
	if known.Source != "" && !allows(p.Sources, payment.Source) {
		return &Refusal{Field: payment.names.source, Limit: "sources", Reason: "is not in sources"}
	}
	if len(known.Destinations) > 0 && !p.allowsDestination(payment.Destination) {
		return &Refusal{Field: payment.names.destination, Limit: "destinations", Reason: payment.whyNotTo()}
	}
	for _, user := range payment.EndUsers {
		if !allows(p.EndUsers, user.ID) {
			return &Refusal{Field: user.Field, Limit: "end_users", Reason: "is not in end_users"}
		}
	}
	return p.Limits.Check("limits", payment)
}

// allowsDestination reports whether the policy names the destination.
func (p Policy) allowsDestination(d Destination) bool {
	return slices.ContainsFunc(p.Destinations, func(entry string) bool {
		if entry == Any || !strings.HasPrefix(entry, d.Kind) {
			return entry == Any
		}
		named, err := ParseDestination(entry)
		return err == nil && named.is(d)
	})
}

// whyNotTo returns why the destination of a payment is refused, with what to look for.
func (p Payment) whyNotTo() string {
	const reason = "is not in destinations"
	const network = ", or not for this network (upper and lower case matter)"
	switch d := p.Destination; {
	case d.Kind == profile && d.ID == p.Source:
		return reason + ": the request has no other destination, so the money stays in the source profile. " +
			"That needs an entry profile:<id>"
	case d.Kind == crypto && takesMemo(d.Network):
		return reason + " with this memo: on STELLAR the memo must be the same, or missing in both"
	case d.Kind == crypto:
		return reason + network
	}
	return reason
}

// allows reports whether a list has a value or Any.
func allows(list []string, value string) bool {
	return slices.Contains(list, value) || slices.Contains(list, Any)
}
