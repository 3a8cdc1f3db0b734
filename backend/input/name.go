package input

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
)

// MaximumName is the most bytes that a name in a path may have.
const MaximumName = 128

// nameGrammar is that of the SDK's TypeNameString. Names are case-sensitive, as Vault's policies are.
var nameGrammar = regexp.MustCompile(`^\w(([\w-.]+)?\w)?$`)

// errName says what a name looks like. Two dots in a row are refused by Vault's storage too.
var errName = fmt.Errorf("name must have 1 to %d letters, digits, underscores, hyphens or single dots, and "+
	"must not begin or end with a hyphen or a dot", MaximumName)

// checkNames judges the name in the path of a request, if the path has one. It is the second part
// of every path that has one.
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

// ValidName reports whether a caller may choose this name. It is safe in paths, URLs, logs and
// commands.
func ValidName(name string) bool {
	return len(name) <= MaximumName && nameGrammar.MatchString(name) && !strings.Contains(name, "..")
}
