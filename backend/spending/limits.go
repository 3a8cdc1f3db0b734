package spending

import (
	"math/big"
	"time"
)

const (
	// Window is for how long a payment counts after it was last signed: the day, 30 minutes in which
	// Paxos takes a signature, and 5 minutes by which clocks may differ.
	Window = 24*time.Hour + 35*time.Minute
	// MaxPayments is how many payments may count at once, so that they can all be read in a moment.
	MaxPayments = 20_000
)

// Mount is the signer in whose place the mount's own sums and limits are.
const Mount = ""

// Limits are the daily limits that a payment has to keep to, by asset. An asset that a map lacks is
// not limited by it.
type Limits struct {
	Signer map[string]Units
	Mount  map[string]Units
}

// Usage is how much of a daily limit is used.
type Usage struct {
	Limit, Used, Left Units
	NextAt            time.Time // when more is left: the oldest payment ends then. Zero if nothing is used
}

// Share returns which part of the limit is used: 0 if nothing is, 1 if all of it is. A limit that was
// lowered may be used by more than 1.
func (u Usage) Share() float64 {
	if u.Limit.value().Sign() == 0 {
		return 1 // nothing is left
	}
	share, _ := new(big.Rat).SetFrac(u.Used.value(), u.Limit.value()).Float64()
	return share
}
