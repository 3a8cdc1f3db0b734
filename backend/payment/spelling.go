package payment

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// canonical returns what is left of a key when case and _ do not count. Two keys with the same
// canonical form may be one field to Paxos.
func canonical(key string) string {
	if isCanonical(key) {
		return key
	}
	return strings.Map(func(r rune) rune {
		if r == '_' {
			return -1
		}
		return leastFold(r)
	}, key)
}

// isCanonical reports whether a key is plainly its own canonical form; it may be even if not.
func isCanonical(key string) bool {
	for i := range len(key) {
		if c := key[i]; c == '_' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// leastFold returns one rune for all that differ by case only: the lower case of an ASCII letter,
// so that the Kelvin sign is a k.
func leastFold(r rune) rune {
	least := unicode.ToLower(r)
	for folded := unicode.SimpleFold(r); folded != r; folded = unicode.SimpleFold(folded) {
		if lower := unicode.ToLower(folded); lower < least {
			least = lower
		}
	}
	return least
}

// longestName is the length in bytes of the longest key that an error repeats.
const longestName = 64

// isName reports whether a key looks like a field of an API. Other keys might hold what a value should.
func isName(key string) bool {
	if key == "" || len(key) > longestName {
		return false
	}
	for i := range len(key) {
		c := key[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// isPlain reports whether a value reads the same everywhere: at least one printable ASCII character
// and no space.
func isPlain(value string) bool {
	for i := range len(value) {
		if value[i] <= ' ' || value[i] >= 0x7f {
			return false
		}
	}
	return value != ""
}
