package report

import "net/netip"

// parseBlocks reads address blocks and single addresses, and says which are neither.
func parseBlocks(list []string) (blocks []netip.Prefix, bad []string) {
	for _, text := range list {
		if block, err := netip.ParsePrefix(text); err == nil {
			blocks = append(blocks, block.Masked())
		} else if address, err := netip.ParseAddr(text); err == nil {
			blocks = append(blocks, netip.PrefixFrom(address, address.BitLen()))
		} else {
			bad = append(bad, text)
		}
	}
	return blocks, bad
}

// covered reports whether the blocks hold every address of one, together if need be.
func covered(one netip.Prefix, blocks []netip.Prefix) bool {
	within := false
	for _, block := range blocks {
		if block.Bits() <= one.Bits() && block.Contains(one.Addr()) {
			return true
		}
		within = within || one.Contains(block.Addr())
	}
	if !within || one.IsSingleIP() {
		return false
	}
	lower, upper := halves(one)
	return covered(lower, blocks) && covered(upper, blocks)
}

// halves splits a block of more than one address.
func halves(block netip.Prefix) (lower, upper netip.Prefix) {
	bits := block.Bits()
	address := block.Masked().Addr().AsSlice()
	lower = netip.PrefixFrom(block.Masked().Addr(), bits+1)
	address[bits/8] |= 0x80 >> (bits % 8)
	middle, _ := netip.AddrFromSlice(address) // of the same length, so it is one
	return lower, netip.PrefixFrom(middle, bits+1)
}

// anywhere reports whether an allow-list lets every address of a family in, as an
// empty one does.
func anywhere(list []string) bool {
	blocks, _ := parseBlocks(list)
	for _, everything := range []string{"0.0.0.0/0", "::/0"} {
		if covered(netip.MustParsePrefix(everything), blocks) {
			return true
		}
	}
	return len(list) == 0
}

// uncovered are the blocks of which the list lacks addresses.
func uncovered(wanted, list []string) (missing []string) {
	blocks, _ := parseBlocks(list)
	asked, _ := parseBlocks(wanted)
	for _, block := range asked {
		if !covered(block, blocks) {
			missing = append(missing, block.String())
		}
	}
	return missing
}
