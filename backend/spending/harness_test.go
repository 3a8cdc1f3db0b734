package spending_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/spending"
)

// Errors of a disk.
var (
	errDisk    = errors.New("the disk has failed")
	errNoPower = errors.New("the process has ended")
)

// A disk stores pages as JSON, and can fail before and after it has done its work.
type disk struct {
	mu      sync.Mutex
	pages   map[string][]byte
	decoded map[string]spending.Page // the same, for tests that look at it often
	reads   int                      // of pages
	lists   int
	writes  int
	deletes int

	// before and after may fail an operation: "list", "read", "write" or "delete". They are called
	// without the lock, and may wait.
	before, after func(operation string) error
}

func newDisk() *disk { return &disk{pages: map[string][]byte{}, decoded: map[string]spending.Page{}} }

// do has one operation done, and counted.
func (d *disk) do(ctx context.Context, operation string, count *int, effect func() error) error {
	if d.before != nil {
		if err := d.before(operation); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	d.mu.Lock()
	*count++
	err := effect()
	d.mu.Unlock()
	if err == nil && d.after != nil {
		err = d.after(operation)
	}
	return err
}

func (d *disk) Pages(ctx context.Context) (ids []string, err error) {
	err = d.do(ctx, "list", &d.lists, func() error {
		ids = slices.Sorted(maps.Keys(d.pages))
		return nil
	})
	return ids, err
}

func (d *disk) Page(ctx context.Context, id string) (page spending.Page, exists bool, err error) {
	err = d.do(ctx, "read", &d.reads, func() error {
		var stored []byte
		if stored, exists = d.pages[id]; exists {
			return json.Unmarshal(stored, &page)
		}
		return nil
	})
	return page, exists, err
}

func (d *disk) PutPage(ctx context.Context, page spending.Page) error {
	encoded, err := json.Marshal(page)
	if err != nil {
		return err
	}
	return d.do(ctx, "write", &d.writes, func() error {
		var decoded spending.Page
		d.pages[page.ID] = encoded
		err := json.Unmarshal(encoded, &decoded)
		d.decoded[page.ID] = decoded
		return err
	})
}

func (d *disk) DeletePage(ctx context.Context, id string) error {
	return d.do(ctx, "delete", &d.deletes, func() error {
		delete(d.pages, id)
		delete(d.decoded, id)
		return nil
	})
}

// rows returns the newest row of each payment that is stored.
func (d *disk) rows() map[spending.Hash]spending.Row {
	d.mu.Lock()
	defer d.mu.Unlock()
	newest := map[spending.Hash]spending.Row{}
	for _, page := range d.decoded {
		for _, row := range page.Rows {
			if row.At.After(newest[row.Key].At) {
				newest[row.Key] = row
			}
		}
	}
	return newest
}

// operations returns how many there were, as text.
func (d *disk) operations() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return fmt.Sprintf("%d lists, %d reads, %d writes, %d deletes", d.lists, d.reads, d.writes, d.deletes)
}

// A clock is moved by tests.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// open returns a ledger of what is on the disk, as a new process has it.
func open(d *disk, c *clock) *spending.Ledger {
	return spending.New(spending.Options{Records: d, Now: c.Now})
}

// units reads an amount.
func units(t testing.TB, decimal string) spending.Units {
	t.Helper()
	u, err := spending.ParseUnits(decimal)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// payment returns a payment of USD. Each ref_id has one body.
func payment(t testing.TB, signer, ref, amount string) spending.Payment {
	t.Helper()
	return spending.Payment{
		Key:     spending.HashOf("POST", "/v2/transfer/crypto-withdrawals", ref, `{"amount":"`+amount+`"}`),
		Ref:     spending.HashOf(ref),
		Signer:  signer,
		Amounts: []spending.Amount{{Asset: "USD", Units: units(t, amount)}},
	}
}

// daily returns the limits of a signer and of the mount in USD. Empty for none.
func daily(t testing.TB, signer, mount string) spending.Limits {
	t.Helper()
	var limits spending.Limits
	if signer != "" {
		limits.Signer = map[string]spending.Units{"USD": units(t, signer)}
	}
	if mount != "" {
		limits.Mount = map[string]spending.Units{"USD": units(t, mount)}
	}
	return limits
}

// spend is for payments that must be allowed.
func spend(t testing.TB, l *spending.Ledger, p spending.Payment, limits spending.Limits) {
	t.Helper()
	if err := l.Spend(t.Context(), p, limits); err != nil {
		t.Fatal(err)
	}
}

// wantExceeded is for payments that must be refused by a daily limit.
func wantExceeded(t testing.TB, l *spending.Ledger, p spending.Payment, limits spending.Limits) *spending.Exceeded {
	t.Helper()
	err := l.Spend(t.Context(), p, limits)
	var exceeded *spending.Exceeded
	if !errors.As(err, &exceeded) {
		t.Fatalf("the payment has %v", err)
	}
	return exceeded
}

// used returns what counts of USD, for a signer or for the mount.
func used(t testing.TB, l *spending.Ledger, signer string) string {
	t.Helper()
	all, err := l.Usage(t.Context(), signer, map[string]spending.Units{"USD": units(t, "1000000")})
	if err != nil {
		t.Fatal(err)
	}
	return all["USD"].Used.String()
}

// sweep is for sweeps that must succeed.
func sweep(t testing.TB, l *spending.Ledger) {
	t.Helper()
	if err := l.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestUnits reads and writes decimals.
func TestUnits(t *testing.T) {
	t.Parallel()
	for decimal, want := range map[string]string{
		"0": "0", "0.0": "0", "1": "1", "100": "100", "12.50": "12.5", "0.000000000000000001": "0.000000000000000001",
		"99999999999999999999.999999999999999999": "99999999999999999999.999999999999999999", "10.0": "10",
		"": "", "-1": "", "+1": "", "1.": "", ".1": "", "1e3": "", " 1": "", "1.0000000000000000000": "", "1_0": "",
		"0x1":   "",
		"1.2.3": "", "1.-2": "", "١": "",
	} {
		got, err := spending.ParseUnits(decimal)
		if (err == nil) != (want != "") || err == nil && got.String() != want {
			t.Errorf("%q is %v, %v", decimal, got, err)
		}
	}
	if got := (spending.Units{}).String(); got != "0" {
		t.Errorf("the zero value is %s", got)
	}
}

// TestHashOf keeps the parts apart.
func TestHashOf(t *testing.T) {
	t.Parallel()
	if spending.HashOf("ab", "c") == spending.HashOf("a", "bc") || spending.HashOf("a") == spending.HashOf("a", "") {
		t.Error("other parts have the same hash")
	}
	hash := spending.HashOf("a")
	text, err := hash.MarshalText()
	var read spending.Hash
	if err != nil || read.UnmarshalText(text) != nil || read != hash {
		t.Errorf("%s is read as %v", text, read)
	}
	for _, damaged := range [][]byte{nil, text[1:], append(bytes.Clone(text), 'A'), []byte("!")} {
		if err := read.UnmarshalText(damaged); err == nil {
			t.Errorf("%q is a hash", damaged)
		}
	}
}
