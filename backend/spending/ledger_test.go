package spending_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/spending"
)

// TestAPaymentCountsOnce signs one payment many times, also for another signer and in a new process.
func TestAPaymentCountsOnce(t *testing.T) {
	t.Parallel()
	d, c := newDisk(), newClock()
	l := open(d, c)
	limits := daily(t, "10", "10")
	p := payment(t, "a", "1", "10")
	for range 3 {
		spend(t, l, p, limits)
	}
	p.Signer = "b"
	spend(t, l, p, limits)
	l = open(d, c)
	spend(t, l, p, limits)
	if got := used(t, l, spending.Mount); got != "10" {
		t.Errorf("the mount has used %s", got)
	}
	if a, b := used(t, l, "a"), used(t, l, "b"); a != "10" || b != "0" {
		t.Errorf("the signers have used %s and %s", a, b)
	}
	wantExceeded(t, l, payment(t, "a", "2", "0.000000000000000001"), limits)
}

// TestOneWritePerSignature counts the operations of storage.
func TestOneWritePerSignature(t *testing.T) {
	t.Parallel()
	d, c := newDisk(), newClock()
	l := open(d, c)
	for i := range 250 {
		spend(t, l, payment(t, "a", fmt.Sprint(i), "1"), daily(t, "250", ""))
	}
	for i := range 250 {
		spend(t, l, payment(t, "a", fmt.Sprint(i), "1"), daily(t, "250", ""))
	}
	wantExceeded(t, l, payment(t, "a", "x", "1"), daily(t, "250", ""))
	if err := l.Check(t.Context(), payment(t, "a", "x", "1"), daily(t, "251", "")); err != nil {
		t.Error(err)
	}
	used(t, l, "a")
	if got := d.operations(); got != "1 lists, 0 reads, 500 writes, 0 deletes" || len(d.pages) != 3 {
		t.Errorf("there were %s; %d pages", got, len(d.pages))
	}
}

// TestEndOfAPayment moves the clock to the end of the window.
func TestEndOfAPayment(t *testing.T) {
	t.Parallel()
	const window = 24*time.Hour + 35*time.Minute
	for name, again := range map[string]time.Duration{"signed once": 0, "signed again": 23 * time.Hour} {
		for _, restart := range []bool{false, true} {
			d, c := newDisk(), newClock()
			l := open(d, c)
			limits := daily(t, "10", "")
			spend(t, l, payment(t, "a", "1", "6"), limits)
			c.move(again)
			if again > 0 {
				spend(t, l, payment(t, "a", "1", "6"), limits)
			}
			c.move(time.Hour)
			spend(t, l, payment(t, "a", "2", "4"), limits)
			c.move(window - time.Hour - 1)
			if restart {
				l = open(d, c)
			}
			exceeded := wantExceeded(t, l, payment(t, "a", "3", "1"), limits)
			if want := c.Now().Add(1); !exceeded.NextAt.Equal(want) || exceeded.Signer != "a" ||
				exceeded.Used.String() != "10" || exceeded.Left.String() != "0" || exceeded.Limit.String() != "10" {
				t.Errorf("%s: refused with %+v, want next at %s", name, exceeded, want)
			}
			c.move(1)
			if got := used(t, l, "a"); got != "4" {
				t.Errorf("%s: at the end, %s are used", name, got)
			}
			if left := wantExceeded(t, l, payment(t, "a", "3", "7"), limits).Left.String(); left != "6" {
				t.Errorf("%s: at the end, %s are left", name, left)
			}
			spend(t, l, payment(t, "a", "3", "6"), limits)
		}
	}
}

// TestReadsEndNothing has the clock be wrong for the time of a read.
func TestReadsEndNothing(t *testing.T) {
	t.Parallel()
	d, c := newDisk(), newClock()
	l := open(d, c)
	limits := daily(t, "10", "")
	spend(t, l, payment(t, "a", "1", "10"), limits)
	c.move(48 * time.Hour)
	if got := used(t, l, "a"); got != "0" {
		t.Errorf("two days later, %s are used", got)
	}
	c.move(-48 * time.Hour)
	if got := used(t, l, "a"); got != "10" {
		t.Errorf("after the clock was right again, %s are used", got)
	}
	wantExceeded(t, l, payment(t, "a", "2", "1"), limits)
}

// TestClockSetBack has the latest time that was stored count as now, also in a new process.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	for _, restart := range []bool{false, true} {
		d, c := newDisk(), newClock()
		l := open(d, c)
		limits := daily(t, "10", "")
		spend(t, l, payment(t, "a", "1", "4"), limits)
		start := c.Now()
		c.move(-20 * time.Hour)
		if restart {
			l = open(d, c)
		}
		spend(t, l, payment(t, "a", "2", "4"), limits)
		if at := d.rows()[payment(t, "a", "2", "4").Key].At; !at.Equal(start) {
			t.Errorf("restart %v: the second is stored with %s", restart, at)
		}
		c.move(20*time.Hour + spending.Window - 1)
		wantExceeded(t, l, payment(t, "a", "3", "4"), limits)
		c.move(1)
		if got := used(t, l, "a"); got != "0" {
			t.Errorf("restart %v: at the end, %s are used", restart, got)
		}
	}
}

// TestRefReused refuses another payment with the same ref_id while the first one counts.
func TestRefReused(t *testing.T) {
	t.Parallel()
	d, c := newDisk(), newClock()
	l := open(d, c)
	limits := daily(t, "100", "")
	spend(t, l, payment(t, "a", "1", "1"), limits)
	for _, signer := range []string{"a", "b"} {
		for _, l := range []*spending.Ledger{l, open(d, c)} {
			err := l.Spend(t.Context(), payment(t, signer, "1", "2"), limits)
			var reused *spending.RefReused
			if !errors.As(err, &reused) || !reused.Until.Equal(c.Now().Add(spending.Window)) {
				t.Errorf("signer %s has %v", signer, err)
			}
			if checked := l.Check(t.Context(), payment(t, signer, "1", "2"),
				limits); fmt.Sprint(checked) != fmt.Sprint(err) {
				t.Errorf("Check has %v, Spend %v", checked, err)
			}
		}
	}
	for i := range 2 { // no ref_id, nothing to reuse
		p := payment(t, "a", "none", fmt.Sprint(1+i))
		p.Ref = spending.Hash{}
		spend(t, l, p, limits)
	}
	c.move(spending.Window)
	spend(t, l, payment(t, "a", "1", "2"), limits)
	if err := l.Spend(t.Context(), payment(t, "a", "1", "1"), limits); err == nil {
		t.Error("the first payment has the ref_id again")
	}
}

// TestLimits names the limit that refuses.
func TestLimits(t *testing.T) {
	t.Parallel()
	amount := func(asset, decimal string) spending.Amount {
		return spending.Amount{Asset: asset, Units: units(t, decimal)}
	}
	for name, test := range map[string]struct {
		amounts []spending.Amount
		limits  spending.Limits
		want    string // "" if it is allowed
	}{
		"no limit":              {[]spending.Amount{amount("USD", "1000")}, spending.Limits{}, ""},
		"at the signer's limit": {[]spending.Amount{amount("USD", "4")}, daily(t, "10", ""), ""},
		"above the signer's": {[]spending.Amount{amount("USD", "4.000000000000000001")}, daily(t, "10", ""),
			"a USD 4"},
		"at the mount's limit":   {[]spending.Amount{amount("USD", "1")}, daily(t, "", "10"), ""},
		"above the mount's":      {[]spending.Amount{amount("USD", "2")}, daily(t, "10", "10"), " USD 1"},
		"a limit of 0":           {[]spending.Amount{amount("USD", "1")}, daily(t, "0", ""), "a USD 0"},
		"a limit below the used": {[]spending.Amount{amount("USD", "1")}, daily(t, "", "3"), " USD 0"},
		"an asset without limit": {[]spending.Amount{amount("PYUSD", "1000")}, daily(t, "10", "10"), ""},
		"one asset twice": {[]spending.Amount{amount("USD", "2"), amount("USD", "2.1")}, daily(t, "10", ""),
			"a USD 4"},
		"one asset twice, fits": {[]spending.Amount{amount("USD", "2"), amount("USD", "2")}, daily(t, "10", ""), ""},
		"the second of two": {[]spending.Amount{amount("PYUSD", "1"), amount("USD", "5")}, daily(t, "10", ""),
			"a USD 4"},
		"another asset's payment": {[]spending.Amount{amount("USDG", "1000000")}, daily(t, "10", ""), ""},
	} {
		c := newClock()
		l := open(newDisk(), c)
		spend(t, l, payment(t, "a", "1", "6"), spending.Limits{})
		spend(t, l, payment(t, "b", "2", "3"), spending.Limits{})
		p := payment(t, "a", "3", "1")
		p.Amounts = test.amounts
		checked := l.Check(t.Context(), p, test.limits)
		err := l.Spend(t.Context(), p, test.limits)
		var exceeded *spending.Exceeded
		got := ""
		if errors.As(err, &exceeded) {
			got = fmt.Sprint(exceeded.Signer, " ", exceeded.Asset, " ", exceeded.Left)
		}
		if got != test.want || (err == nil) != (test.want == "") || fmt.Sprint(checked) != fmt.Sprint(err) {
			t.Errorf("%s: Spend has %v, Check %v", name, err, checked)
		}
	}
}

// TestASignerMadeAnew has nothing used, while the mount's sum goes on.
func TestASignerMadeAnew(t *testing.T) {
	t.Parallel()
	l := open(newDisk(), newClock())
	spend(t, l, payment(t, "first", "1", "6"), daily(t, "6", "10"))
	wantExceeded(t, l, payment(t, "first", "2", "1"), daily(t, "6", "10"))
	if exceeded := wantExceeded(t, l, payment(t, "second", "3", "6"),
		daily(t, "6", "10")); exceeded.Signer != spending.Mount {
		t.Errorf("it was refused with %v", exceeded)
	}
	spend(t, l, payment(t, "second", "4", "4"), daily(t, "6", "10"))
	if got := used(t, l, "second"); got != "4" {
		t.Errorf("the second has used %s", got)
	}
}

// TestPagesAreDeletedWhole sweeps after each of two pages has ended, and after payments have moved.
func TestPagesAreDeletedWhole(t *testing.T) {
	t.Parallel()
	d, c := newDisk(), newClock()
	l := open(d, c)
	for i := range spending.PageSize + 1 {
		spend(t, l, payment(t, "a", fmt.Sprint(i), "1"), spending.Limits{})
		c.move(time.Second)
	}
	c.move(spending.Window - 2*time.Second)
	sweep(t, l)
	if len(d.pages) != 1 { // the 100 of the first page have ended
		t.Errorf("%d pages are left", len(d.pages))
	}
	l = open(d, c)
	spend(t, l, payment(t, "a", fmt.Sprint(spending.PageSize), "1"), spending.Limits{})
	if len(d.pages) != 2 {
		t.Errorf("there are %d pages after a payment has moved", len(d.pages))
	}
	sweep(t, l)
	if len(d.pages) != 1 || len(d.rows()) != 1 {
		t.Errorf("%d pages have %d payments", len(d.pages), len(d.rows()))
	}
	c.move(spending.Window)
	d.before = func(string) error { return errDisk }
	if err := l.Sweep(t.Context()); !errors.Is(err, errDisk) {
		t.Errorf("Sweep has %v", err)
	}
	d.before = nil
	sweep(t, l)
	sweep(t, l)
	if len(d.pages) != 0 || d.deletes != 3 {
		t.Errorf("%d pages are left after %d deletions", len(d.pages), d.deletes)
	}
	spend(t, l, payment(t, "a", "last", "1"), spending.Limits{})
}

// TestRoomIsUsedAgain fills pages for three days. Payments of a page that have ended make room, so a
// page that is kept by one payment does not stay empty.
func TestRoomIsUsedAgain(t *testing.T) {
	t.Parallel()
	d, c := newDisk(), newClock()
	l := open(d, c)
	kept := payment(t, "a", "kept", "1")
	for i := range 3 * 24 {
		spend(t, l, kept, spending.Limits{})
		for j := range 10 {
			spend(t, l, payment(t, "a", fmt.Sprint(i, j), "1"), spending.Limits{})
		}
		c.move(time.Hour)
		sweep(t, l)
	}
	if len(d.pages) > 3 { // 251 count at most
		t.Errorf("there are %d pages", len(d.pages))
	}
}

// fill stores as many payments as may count.
func fill(t testing.TB, d *disk, c *clock) {
	t.Helper()
	for i := range spending.MaxPayments / spending.PageSize {
		page := spending.Page{ID: fmt.Sprint("page", i)}
		for j := range spending.PageSize {
			page.Rows = append(page.Rows, spending.Row{
				Payment: payment(t, fmt.Sprint("signer", j%5), fmt.Sprint(i, " ", j), "1.5"),
				At:      c.Now().Add(time.Duration(i*spending.PageSize+j) * time.Second),
			})
		}
		if err := d.PutPage(t.Context(), page); err != nil {
			t.Fatal(err)
		}
	}
	c.move(spending.MaxPayments * time.Second)
}

// TestTooMany fills the ledger.
func TestTooMany(t *testing.T) {
	t.Parallel()
	d, c := newDisk(), newClock()
	start := c.Now()
	fill(t, d, c)
	l := open(d, c)
	err := l.Spend(t.Context(), payment(t, "a", "x", "1"), spending.Limits{})
	var many *spending.TooMany
	if !errors.As(err, &many) || !many.NextAt.Equal(start.Add(spending.Window)) {
		t.Errorf("it has %v", err)
	}
	spend(t, l, payment(t, "signer0", "0 0", "1.5"), spending.Limits{}) // a repetition
	c.move(start.Add(spending.Window + time.Second).Sub(c.Now()))
	spend(t, l, payment(t, "a", "x", "1"), spending.Limits{})
	if got := d.operations(); got != "1 lists, 200 reads, 202 writes, 0 deletes" {
		t.Errorf("there were %s", got)
	}
	if got := used(t, l, spending.Mount); got != "29999.5" {
		t.Errorf("%s are used", got)
	}
}

// BenchmarkFirstSignature loads 20,000 payments before it signs one.
func BenchmarkFirstSignature(b *testing.B) {
	d, c := newDisk(), newClock()
	fill(b, d, c)
	c.move(spending.Window - spending.MaxPayments*time.Second + time.Second)
	b.ReportAllocs()
	for b.Loop() {
		spend(b, open(d, c), payment(b, "signer0", "1 1", "1.5"), daily(b, "6000", "30000"))
	}
}

// BenchmarkSpend signs payments that are new, with 20,000 at most.
func BenchmarkSpend(b *testing.B) {
	d, c := newDisk(), newClock()
	l := open(d, c)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		spend(b, l, payment(b, "a", fmt.Sprint(i), "1"), daily(b, "1000000", "1000000"))
		c.move(10 * time.Second)
	}
}

// nowhere is storage that takes no time, to see what the ledger itself takes.
type nowhere struct{ spending.Records }

func (nowhere) PutPage(context.Context, spending.Page) error { return nil }

// BenchmarkSpendAlone signs new payments without the cost of storage and of its encoding.
func BenchmarkSpendAlone(b *testing.B) {
	c := newClock()
	l := spending.New(spending.Options{Records: nowhere{newDisk()}, Now: c.Now})
	limits := daily(b, "1000000", "1000000")
	p := payment(b, "a", "x", "1")
	b.ReportAllocs()
	for i := uint64(0); b.Loop(); i++ {
		binary.BigEndian.PutUint64(p.Key[:], i)
		p.Ref = p.Key
		spend(b, l, p, limits)
		c.move(10 * time.Second)
	}
}

// BenchmarkRefusal refuses when 20,000 count.
func BenchmarkRefusal(b *testing.B) {
	d, c := newDisk(), newClock()
	fill(b, d, c)
	c.move(spending.Window - spending.MaxPayments*time.Second + time.Second)
	l := open(d, c)
	p, limits := payment(b, "signer4", "x", "1"), daily(b, "1", "")
	b.ReportAllocs()
	for b.Loop() {
		wantExceeded(b, l, p, limits)
	}
}

// TestWhatErrorsSay holds the texts to what they must name.
func TestWhatErrorsSay(t *testing.T) {
	t.Parallel()
	at := newClock().Now()
	usage := spending.Usage{Limit: units(t, "10"), Used: units(t, "7.5"), Left: units(t, "2.5"), NextAt: at}
	for want, err := range map[string]error{
		"3 exceeds what is left of the daily limit of the signer for USD: 2.5 of 10": &spending.Exceeded{
			Signer: "id", Asset: "USD", Amount: units(t, "3"), Usage: usage},
		"3 exceeds what is left of the daily limit of the mount for USD: 2.5 of 10": &spending.Exceeded{
			Asset: "USD", Amount: units(t, "3"), Usage: usage},
		"the ref_id was already signed with another operation, path or body, and that request counts until " +
			"2026-11-27T09:00:00Z": &spending.RefReused{Until: at},
		"20000 payments count already, which is the maximum; the oldest counts until " +
			"2026-11-27T09:00:00Z": &spending.TooMany{NextAt: at},
		"reading the signed payments: the disk has failed":             &spending.NotLoaded{Err: errDisk},
		"storing the payment before it is signed: the disk has failed": &spending.NotStored{Err: errDisk},
	} {
		if got := err.Error(); got != want {
			t.Errorf("it is %q, want %q", got, want)
		}
	}
}

// TestWhatIsStored holds the stored form to itself.
func TestWhatIsStored(t *testing.T) {
	t.Parallel()
	c := newClock()
	page := spending.Page{ID: "x", Rows: []spending.Row{{Payment: payment(t, "id", "1", "12.50"), At: c.Now()}}}
	got, err := json.Marshal(page)
	want := `{"payments":[{"key":"rqYe2uTFgKGrK-b9IcEZadDtIHRNXaW0QNy2ODKS5nQ",` +
		`"ref":"Ax3IjQ7AxS1Ri7wosyLakzTGmhd74c-n_U2BkCRFLyM","signer":"id",` +
		`"amounts":[{"asset":"USD","amount":"12.5"}],"at":"2026-11-27T09:00:00Z"}]}`
	if err != nil || string(got) != want {
		t.Errorf("it is %s, %v", got, err)
	}
}
