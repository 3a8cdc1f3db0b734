package report

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func TestUncovered(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ wanted, list, want string }{
		{"10.0.0.0/8", "10.0.0.0/8", ""},
		{"10.0.0.0/8", "10.0.0.0/7", ""},
		{"10.0.0.0/8", "10.0.0.0/9", "10.0.0.0/8"},
		{"10.0.0.0/8", "10.128.0.0/9 10.0.0.0/9", ""},
		{"10.0.0.0/8", "10.0.0.0/9 10.128.0.0/10 10.192.0.0/11 10.224.0.0/11", ""},
		{"10.0.0.0/8", "10.0.0.0/9 10.128.0.0/10 10.192.0.0/11 10.224.0.0/12", "10.0.0.0/8"},
		{"10.0.0.0/8", "", "10.0.0.0/8"},
		{"", "10.0.0.0/8", ""},
		{"192.0.2.7", "192.0.2.7", ""},
		{"192.0.2.7", "192.0.2.7/24", ""}, // the bits of the host do not count
		{"192.0.2.7", "192.0.2.6 192.0.2.8", "192.0.2.7/32"},
		{"192.0.2.6/31", "192.0.2.7 192.0.2.6", ""},
		{"192.0.2.6 192.0.2.7 192.0.2.8", "192.0.2.7", "192.0.2.6/32 192.0.2.8/32"},
		{"2001:db8::/32", "2001:db8::/33 2001:db8:8000::/33", ""},
		{"2001:db8::/32", "2001:db8::/33 2001:db8:8000::/34", "2001:db8::/32"},
		{"2001:db8::/127", "2001:db8::1 2001:db8::", ""},
		{"0.0.0.0/0", "0.0.0.0/1 128.0.0.0/1", ""},
		{"::/0", "0.0.0.0/0", "::/0"},
		{"10.0.0.1", "::/0", "10.0.0.1/32"},
		{"10.0.0.1", "office 10.0.0.1/33", "10.0.0.1/32"},
		{"office", "10.0.0.1", ""}, // what cannot be read cannot be missed
	} {
		got := strings.Join(uncovered(strings.Fields(test.wanted), strings.Fields(test.list)), " ")
		if got != test.want {
			t.Errorf("of %q, %q lacks %q, want %q", test.wanted, test.list, got, test.want)
		}
	}
}

func TestAnywhere(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]bool{
		"":                                true,
		"0.0.0.0/0":                       true,
		"::/0":                            true,
		"10.0.0.0/8 ::/0":                 true,
		"128.0.0.0/1 0.0.0.0/1":           true,
		"8000::/1 ::/2 4000::/2":          true,
		"0.0.0.0/1":                       false,
		"128.0.0.0/1 0.0.0.0/2":           false,
		"0.0.0.0/1 8000::/1":              false, // halves of two families
		"0.0.0.0 ::":                      false,
		"office":                          false,
		"0.0.0.0/0x 0.0.0.0/33 :: ::/129": false,
	} {
		if got := anywhere(strings.Fields(list)); got != want {
			t.Errorf("%q lets everybody in: %v", list, got)
		}
	}
}

func TestWidened(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		before, now string
		want        bool
	}{
		{"", "", false},
		{"", "10.0.0.0/8", false},
		{"", "0.0.0.0/0", false},
		{"0.0.0.0/0 ::/0", "", false},
		{"0.0.0.0/0", "", true}, // the other family
		{"0.0.0.0/0", "0.0.0.0/0 ::/0", true},
		{"10.0.0.0/8", "", true},
		{"10.0.0.0/8", "10.0.0.0/9", false},
		{"10.0.0.0/9", "10.0.0.0/8", true},
		{"10.0.0.0/9 10.128.0.0/9", "10.0.0.0/8", false},
		{"10.0.0.1", "10.0.0.2", true},
	} {
		if got := widened(strings.Fields(test.before), strings.Fields(test.now)); got != test.want {
			t.Errorf("from %q to %q, it is widened: %v", test.before, test.now, got)
		}
	}
}

// FuzzCovered compares covered with a look at each of a few addresses.
func FuzzCovered(f *testing.F) {
	f.Add(uint8(0xf0), uint8(4), []byte{0xf0, 5, 0xf8, 5})
	f.Add(uint8(0), uint8(0), []byte{0, 1, 0x80, 2, 0xc0, 2})
	f.Add(uint8(7), uint8(8), []byte{7, 8})
	f.Fuzz(func(t *testing.T, address, bits uint8, rest []byte) {
		block := func(address, bits uint8) netip.Prefix { // among 256 addresses
			return netip.MustParsePrefix(fmt.Sprintf("10.0.0.%d/%d", address, 24+bits%9)).Masked()
		}
		one := block(address, bits)
		var blocks []netip.Prefix
		for i := 0; i+1 < len(rest); i += 2 {
			blocks = append(blocks, block(rest[i], rest[i+1]))
		}
		want := true
		for a := netip.MustParseAddr("10.0.0.0"); a.Less(netip.MustParseAddr("10.0.1.0")); a = a.Next() {
			within := false
			for _, b := range blocks {
				within = within || b.Contains(a)
			}
			want = want && (within || !one.Contains(a))
		}
		if got := covered(one, blocks); got != want {
			t.Errorf("%s is covered by %s: %v", one, blocks, got)
		}
	})
}
