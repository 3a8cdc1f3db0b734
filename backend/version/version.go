// Package version says which release a program is from.
package version

import "fmt"

// A release sets both variables with -ldflags -X. scripts/release does that.
var (
	// Number is a semantic version with a leading v. The plugin reports it to Vault, which compares it with
	// the version in the catalog.
	Number = "v0.1.0-dev"
	// Commit is the hash of the commit that the program was built from. It is empty in a program that
	// scripts/release did not build.
	Commit string
)

// Line returns what the program with this name prints for -version.
func Line(program string) string {
	if Commit == "" {
		return fmt.Sprintf("%s %s", program, Number)
	}
	return fmt.Sprintf("%s %s (commit %s)", program, Number, Commit)
}
