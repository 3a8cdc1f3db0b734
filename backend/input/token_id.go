package input

import "regexp"

// tokenIDGrammar is that of broker.Fingerprint.
var tokenIDGrammar = regexp.MustCompile(`^[0-9a-f]{32}$`)

// ValidTokenID reports whether id has the form of a token's fingerprint.
func ValidTokenID(id string) bool { return tokenIDGrammar.MatchString(id) }
