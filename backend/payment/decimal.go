package payment

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// How many digits a decimal may have.
const (
	integerDigits  = 20
	fractionDigits = 18
)

// one is 1 in the steps of a fraction.
const one = 1_000_000_000_000_000_000

// errDecimal is what is wrong with a text that is no decimal. It does not repeat the text.
var errDecimal = errors.New(`must be digits with at most 20 before the point and 18 after it, such as "12.50": ` +
	"no sign, exponent, leading zero or white space")

// A Decimal is an exact decimal that is zero or more. It keeps the text that it was read from. The zero
// value is 0. Compare with Cmp, not with ==, because 1 and 1.0 have different texts.
type Decimal struct {
	high, low uint64 // the integer, as 128 bits: room for a sum of 10^18 decimals
	fraction  uint64 // in steps of 10^-18; less than one
	text      string // empty for the zero value and for results
}

// ParseDecimal reads (0|[1-9][0-9]{0,19})(\.[0-9]{1,18})?. Its error does not repeat the text.
func ParseDecimal(text string) (Decimal, error) {
	integer, fraction, point := strings.Cut(text, ".")
	if !isDigits(integer, integerDigits) || point && !isDigits(fraction, fractionDigits) ||
		len(integer) > 1 && integer[0] == '0' {
		return Decimal{}, errDecimal
	}
	d := Decimal{text: text}
	for i := range len(integer) {
		carry, low := bits.Mul64(d.low, 10)
		d.low, d.high = bits.Add64(low, uint64(integer[i]-'0'), 0)
		d.high += carry // was 0 before the 20th digit
	}
	for i := range fractionDigits {
		d.fraction *= 10
		if i < len(fraction) {
			d.fraction += uint64(fraction[i] - '0')
		}
	}
	return d, nil
}

// isDigits reports whether a text has at least one digit, at most so many, and nothing else.
func isDigits(text string, most int) bool {
	if text == "" || len(text) > most {
		return false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

// String returns the text that the decimal was read from. A result of Add or Sub has no zeros at
// the end of its fraction.
func (d Decimal) String() string {
	if d.text != "" {
		return d.text
	}
	const group = 10_000_000_000_000_000_000              // the integer is written in two groups of digits
	front, back := bits.Div64(d.high%group, d.low, group) // high never reaches group: see Decimal
	text := strconv.FormatUint(back, 10)
	if front > 0 {
		text = fmt.Sprintf("%d%019d", front, back)
	}
	if d.fraction > 0 {
		text += "." + strings.TrimRight(fmt.Sprintf("%018d", d.fraction), "0")
	}
	return text
}

// IsZero reports whether the decimal is 0.
func (d Decimal) IsZero() bool { return d.high == 0 && d.low == 0 && d.fraction == 0 }

// Cmp returns -1, 0 or 1 as the decimal is less than, equal to or more than the other one, whatever
// their texts are.
func (d Decimal) Cmp(other Decimal) int {
	return cmp.Or(cmp.Compare(d.high, other.high), cmp.Compare(d.low, other.low),
		cmp.Compare(d.fraction, other.fraction))
}

// Add returns the exact sum. It may have more digits before the point than ParseDecimal reads.
func (d Decimal) Add(other Decimal) Decimal {
	var sum Decimal
	var carry uint64
	if sum.fraction = d.fraction + other.fraction; sum.fraction >= one {
		sum.fraction -= one
		carry = 1
	}
	sum.low, carry = bits.Add64(d.low, other.low, carry)
	sum.high, _ = bits.Add64(d.high, other.high, carry)
	return sum
}

// Sub returns the exact difference, or 0 if the other decimal is more.
func (d Decimal) Sub(other Decimal) Decimal {
	if d.Cmp(other) <= 0 {
		return Decimal{}
	}
	var difference Decimal
	var borrow uint64
	if difference.fraction = d.fraction - other.fraction; d.fraction < other.fraction {
		difference.fraction += one
		borrow = 1
	}
	difference.low, borrow = bits.Sub64(d.low, other.low, borrow)
	difference.high, _ = bits.Sub64(d.high, other.high, borrow)
	return difference
}

// MarshalJSON writes the decimal as a string, because a JSON number may lose digits.
func (d Decimal) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON reads a string. A number or null is an error.
func (d *Decimal) UnmarshalJSON(data []byte) error {
	var text string
	if len(data) == 0 || data[0] != '"' || json.Unmarshal(data, &text) != nil {
		return errors.New("a decimal must be a JSON string")
	}
	parsed, err := ParseDecimal(text)
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
