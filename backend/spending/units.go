package spending

import (
	"errors"
	"math/big"
	"strings"
)

// fractionDigits is how many digits of a decimal count after the point.
const fractionDigits = 18

// errUnits is what is wrong with a text that is no decimal. It does not repeat the text.
var errUnits = errors.New("an amount must be a decimal with at most 18 digits after the point")

// Units are an exact amount of an asset that is zero or more, counted in steps of 10^-18. The zero
// value is 0. Units do not change.
type Units struct{ steps *big.Int } // nil for 0

// ParseUnits reads a decimal such as "12.50". What else a caller's amounts must keep to is judged
// before.
func ParseUnits(decimal string) (Units, error) {
	integer, fraction, point := strings.Cut(decimal, ".")
	if !isDigits(integer) || point && (!isDigits(fraction) || len(fraction) > fractionDigits) {
		return Units{}, errUnits
	}
	steps, ok := new(big.Int).SetString(integer+fraction+strings.Repeat("0", fractionDigits-len(fraction)), 10)
	if !ok {
		return Units{}, errUnits
	}
	return Units{steps}, nil
}

// isDigits reports whether a text has digits only, and at least one.
func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// String returns the decimal, without zeros at the end of its fraction.
func (u Units) String() string {
	digits := u.value().String()
	if missing := fractionDigits + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - fractionDigits
	fraction := strings.TrimRight(digits[point:], "0")
	if fraction == "" {
		return digits[:point]
	}
	return digits[:point] + "." + fraction
}

// Cmp returns -1, 0 or 1 as the amount is less than, equal to or more than the other one.
func (u Units) Cmp(other Units) int { return u.value().Cmp(other.value()) }

// MarshalText writes the decimal.
func (u Units) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// UnmarshalText reads a decimal.
func (u *Units) UnmarshalText(text []byte) (err error) {
	*u, err = ParseUnits(string(text))
	return err
}

// nothing is 0. It is never changed.
var nothing = new(big.Int)

// value returns the steps, which must not be changed.
func (u Units) value() *big.Int {
	if u.steps == nil {
		return nothing
	}
	return u.steps
}

// minus returns the difference, or 0 if the other amount is more.
func (u Units) minus(other Units) Units {
	if u.Cmp(other) <= 0 {
		return Units{}
	}
	return Units{new(big.Int).Sub(u.value(), other.value())}
}
