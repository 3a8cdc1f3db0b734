package input

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
)

// MaximumName is the most bytes that a name in a path may have.
const MaximumName = 128

// nameGrammar is that of the SDK's TypeNameString. Case is kept: a name that
// differs from what a policy says only in case is another name.
var nameGrammar = regexp.MustCompile(`^\w(([\w-.]+)?\w)?$`)

// errName says what a name looks like. Storage refuses two dots in a row.
var errName = fmt.Errorf("name must begin and end with a letter, a digit or _, hold only those and - and "+
	"single dots, and have at most %d bytes", MaximumName)

// checkNames judges the part of the path that the caller chose.
func checkNames(path *framework.Path, requested string) error {
	if path.Fields["name"] == nil || !strings.Contains(path.Pattern, "<name>") {
		return nil
	}
	parts := strings.Split(requested, "/")
	if len(parts) < 2 || !ValidName(parts[1]) {
		return errName
	}
	return nil
}

func ValidName(name string) bool {
	return len(name) <= MaximumName && nameGrammar.MatchString(name) && !strings.Contains(name, "..")
}

// ValidTokenID reports whether id has the form of a token's fingerprint, as broker.Fingerprint makes it.
func ValidTokenID(id string) bool { return tokenIDGrammar.MatchString(id) }

var tokenIDGrammar = regexp.MustCompile(`^[0-9a-f]{32}$`)
