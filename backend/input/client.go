package input

import (
	"fmt"
	"regexp"
)

// CheckClientID judges a Client ID, which goes into URLs and logs. Paxos's are
// UUIDs; nothing is documented, so any word of safe characters will do.
func CheckClientID(id string) error {
	if !ValidName(id) {
		return fmt.Errorf("client_id must be the Client ID as the Dashboard shows it: letters, digits, - and "+
			"_ only, at most %d bytes", MaximumName)
	}
	return nil
}

// CheckClientSecret judges a secret without repeating any of it.
func CheckClientSecret(secret string) error {
	const most = 512
	for _, r := range secret {
		if r <= ' ' || r >= 0x7f {
			return fmt.Errorf("client_secret holds white space or a character that no Client Secret has: copy " +
				"it again, without quotes or line breaks")
		}
	}
	if secret == "" || len(secret) > most {
		return fmt.Errorf("client_secret must be the Client Secret as the Dashboard showed it, 1 to %d characters",
			most)
	}
	return nil
}

// CheckMetadata bounds what is shown in reports and sent with every event, as Vault
// does with the metadata of an entity.
func CheckMetadata(metadata map[string]string) error {
	const mostPairs, longestKey, longestValue = 64, 128, 512
	if len(metadata) > mostPairs {
		return fmt.Errorf("metadata holds %d pairs; at most %d are allowed", len(metadata), mostPairs)
	}
	for key, value := range metadata {
		if len(key) > longestKey || len(value) > longestValue {
			return fmt.Errorf("metadata must have keys of at most %d bytes and values of at most %d", longestKey,
				longestValue)
		}
	}
	return nil
}

// ValidTokenID reports whether id has the form of a token's fingerprint, as broker.Fingerprint makes it.
func ValidTokenID(id string) bool { return tokenIDGrammar.MatchString(id) }

var tokenIDGrammar = regexp.MustCompile(`^[0-9a-f]{32}$`)
