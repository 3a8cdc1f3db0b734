package input

import (
	"errors"
	"fmt"
)

// CheckClientID judges a Client ID, which is sent in URLs and written to logs. Those of Paxos are
// UUIDs, but that is not documented. So every word of characters that are safe in both is accepted.
func CheckClientID(id string) error {
	if !ValidName(id) {
		return fmt.Errorf("client_id must be the Client ID as the Dashboard shows it: letters, digits, - and "+
			"_ only, at most %d bytes", MaximumName)
	}
	return nil
}

// CheckClientSecret judges a secret. Its error repeats nothing of it.
func CheckClientSecret(secret string) error {
	const most = 512
	for _, r := range secret {
		if r <= ' ' || r >= 0x7f {
			return errors.New("client_secret contains a space, a line break or a non-ASCII character. Copy it again, " +
				"without quotes and line breaks")
		}
	}
	if secret == "" || len(secret) > most {
		return fmt.Errorf("client_secret must be the Secret that the Dashboard showed: 1 to %d characters",
			most)
	}
	return nil
}
