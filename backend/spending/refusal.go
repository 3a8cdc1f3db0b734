package spending

import (
	"fmt"
	"time"
)

// An Exceeded error refuses a payment that is more than a daily limit leaves.
type Exceeded struct {
	Signer string // empty if it is the mount's limit
	Asset  string
	Amount Units // what the payment needs
	Usage
}

// Error says which limit it is and what it leaves.
func (e *Exceeded) Error() string {
	whose := "signer"
	if e.Signer == Mount {
		whose = "mount"
	}
	return fmt.Sprintf("%s exceeds what is left of the daily limit of the %s for %s: %s of %s",
		e.Amount, whose, e.Asset, e.Left, e.Limit)
}

// A RefReused error refuses a payment whose ref_id another payment has.
type RefReused struct {
	Until time.Time // when the other payment ends, if it is not signed again
}

// Error says what was reused.
func (r *RefReused) Error() string {
	return "the ref_id was already signed with another operation, path or body, and that request counts until " +
		r.Until.Format(time.RFC3339)
}

// A TooMany error refuses a payment because as many count as the ledger holds.
type TooMany struct {
	NextAt time.Time // when the oldest of them ends
}

// Error says how many count.
func (t *TooMany) Error() string {
	return fmt.Sprintf("%d payments count already, which is the maximum; the oldest counts until %s",
		MaxPayments, t.NextAt.Format(time.RFC3339))
}

// A NotLoaded error says that storage could not be read. Nothing was counted or stored.
type NotLoaded struct{ Err error }

// Error says why.
func (n *NotLoaded) Error() string { return "reading the signed payments: " + n.Err.Error() }

// Unwrap returns why.
func (n *NotLoaded) Unwrap() error { return n.Err }

// A NotStored error says that the payment may be stored or not, and must not be signed. The caller
// may repeat the same request, which does not count twice.
type NotStored struct{ Err error }

// Error says why.
func (n *NotStored) Error() string {
	return "storing the payment before it is signed: " + n.Err.Error()
}

// Unwrap returns why.
func (n *NotStored) Unwrap() error { return n.Err }
