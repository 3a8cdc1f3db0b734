package report

import "net/netip"

// parseBlocks reads address blocks and single addresses. What is neither is left out.
func parseBlocks(list []string) (blocks []netip.Prefix) {
	for _, text := range list {
		if block, err := netip.ParsePrefix(text); err == nil {
			blocks = append(blocks, block.Masked())
		} else if address, err := netip.ParseAddr(text); err == nil {
			blocks = append(blocks, netip.PrefixFrom(address, address.BitLen()))
		}
	}
	return blocks
}

// covered reports whether the blocks hold every address of one. Several blocks may do so together: as
// none of them holds all of it, each half of it is looked for.
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

// halves splits a block of more than one address in two.
func halves(block netip.Prefix) (lower, upper netip.Prefix) {
	bits := block.Bits()
	address := block.Masked().Addr().AsSlice()
	lower = netip.PrefixFrom(block.Masked().Addr(), bits+1)
	address[bits/8] |= 0x80 >> (bits % 8)
	middle, _ := netip.AddrFromSlice(address) // as long as the one that it was made from
	return lower, netip.PrefixFrom(middle, bits+1)
}

// everything are the blocks of all addresses, one of each family.
var everything = []string{"0.0.0.0/0", "::/0"}

// anywhere reports whether an allow-list lets every address of a family in, as an empty one does.
func anywhere(list []string) bool {
	return len(list) == 0 || len(uncovered(everything, list)) < len(everything)
}

// widened reports whether an allow-list lets addresses in that it did not let in before.
func widened(before, now []string) bool {
	if len(before) == 0 {
		return false // an empty list lets every address in
	}
	if len(now) == 0 {
		now = everything
	}
	return len(uncovered(now, before)) > 0
}

// uncovered are the wanted blocks of which the list lacks addresses.
func uncovered(wanted, list []string) (missing []string) {
	blocks := parseBlocks(list)
	for _, block := range parseBlocks(wanted) {
		if !covered(block, blocks) {
			missing = append(missing, block.String())
		}
	}
	return missing
}
