package payment

import (
	"encoding/json"
	"math/big"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// grammar is what ParseDecimal reads.
var grammar = regexp.MustCompile(`\A(0|[1-9][0-9]{0,19})(\.[0-9]{1,18})?\z`)

// rational returns a decimal as the standard library reads it.
func rational(t testing.TB, text string) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%q is no number", text)
	}
	return r
}

// randomDecimal returns a text that ParseDecimal reads.
func randomDecimal(random *rand.Rand) string {
	digits := func(most int) string {
		text := ""
		for range 1 + random.IntN(most) {
			text += string(rune('0' + random.IntN(10)))
		}
		return text
	}
	text := strings.TrimLeft(digits(integerDigits), "0")
	if text == "" {
		text = "0"
	}
	if random.IntN(3) > 0 {
		text += "." + digits(fractionDigits)
	}
	return text
}

// TestDecimalIsExact compares sums, differences and comparisons of random decimals with those of
// math/big.
func TestDecimalIsExact(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		one, other := randomDecimal(random), randomDecimal(random)
		if random.IntN(10) == 0 {
			other = one
		}
		a, b, x, y := decimal(t, one), decimal(t, other), rational(t, one), rational(t, other)
		if a.String() != one || a.Cmp(b) != x.Cmp(y) || a.IsZero() != (x.Sign() == 0) {
			t.Fatalf("%s and %s: %d", a, b, a.Cmp(b))
		}
		if sum := a.Add(b); rational(t, sum.String()).Cmp(new(big.Rat).Add(x, y)) != 0 || sum.Cmp(b.Add(a)) != 0 {
			t.Fatalf("%s + %s = %s", a, b, sum)
		}
		difference, want := a.Sub(b), new(big.Rat).Sub(x, y)
		if want.Sign() < 0 {
			want.SetInt64(0)
		}
		if rational(t, difference.String()).Cmp(want) != 0 {
			t.Fatalf("%s - %s = %s", a, b, difference)
		}
		if a.String() != one || b.String() != other || a.Cmp(decimal(t, one)) != 0 {
			t.Fatalf("%s or %s was changed", one, other)
		}
	}
	sum := Decimal{}
	for range 20_000 {
		sum = sum.Add(decimal(t, "99999999999999999999.999999999999999999"))
	}
	if sum.String() != "1999999999999999999999999.99999999999998" {
		t.Errorf("the sum of many is %s", sum)
	}
}

// TestDecimalTexts checks what is no decimal, and how one is written.
func TestDecimalTexts(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", " ", "1 ", " 1", "+1", "-1", "-0", "01", "00", "00.1", ".1", "1.", "1.1.1",
		"1e1", "1E1", "0x1", "1_0",
		"1,0", "NaN", "Inf", "\u0661", "1\n", "1\x00", strings.Repeat("1", 21), strings.Repeat("1", 40), "1." +
			strings.Repeat("1", 19)} {
		if d, err := ParseDecimal(text); err == nil || !d.IsZero() ||
			len(text) > 2 && strings.Contains(err.Error(), text) {
			t.Errorf("%q is %s, %v", text, d, err)
		}
	}
	for text, want := range map[string]string{"0": "0", "0.0": "0", "1.50": "1.5", "100": "100",
		"0.000000000000000001": "0.000000000000000001",
		"10.010":               "10.01"} {
		if sum := decimal(t, text).Add(Decimal{}); sum.String() != want || decimal(t, text).String() != text {
			t.Errorf("%s is %s after addition", text, sum)
		}
	}
	if (Decimal{}).String() != "0" || !(Decimal{}).IsZero() || (Decimal{}).Cmp(decimal(t, "0.0")) != 0 {
		t.Error("the zero value is not 0")
	}
}

// TestDecimalJSON writes and reads decimals as JSON strings, and nothing else.
func TestDecimalJSON(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"0", "1.50", "99999999999999999999.999999999999999999"} {
		written, err := json.Marshal(Limits{"USD": decimal(t, text)})
		if err != nil || string(written) != `{"USD":"`+text+`"}` {
			t.Fatalf("%s, %v", written, err)
		}
		var again Limits
		if err := json.Unmarshal(written, &again); err != nil || again["USD"].String() != text ||
			again["USD"].Cmp(decimal(t, text)) != 0 {
			t.Errorf("%s is %s, %v", written, again["USD"], err)
		}
	}
	for _, text := range []string{`1`, `null`, `"-1"`, `"1e3"`, `["1"]`, `true`, `""`} {
		var d Decimal
		if err := json.Unmarshal([]byte(text), &d); err == nil {
			t.Errorf("%s is %s", text, d)
		}
	}
	if err := new(Decimal).UnmarshalJSON(nil); err == nil {
		t.Error("nothing is a decimal")
	}
}

// FuzzDecimal compares what is read with the grammar and with math/big.
func FuzzDecimal(f *testing.F) {
	for _, text := range []string{"0", "1.50", "01", "1e1", "-1", "99999999999999999999.999999999999999999",
		"100000000000000000000", " 1"} {
		f.Add(text, "1")
	}
	f.Fuzz(func(t *testing.T, one, other string) {
		a, err := ParseDecimal(one)
		if (err == nil) != grammar.MatchString(one) {
			t.Fatalf("%q: %v", one, err)
		}
		b, otherErr := ParseDecimal(other)
		if err != nil || otherErr != nil {
			return
		}
		x, y := rational(t, one), rational(t, other)
		if a.String() != one || a.Cmp(b) != x.Cmp(y) || rational(t, a.Add(b).String()).Cmp(x.Add(x, y)) != 0 {
			t.Errorf("%s and %s: %d, %s", a, b, a.Cmp(b), a.Add(b))
		}
	})
}
