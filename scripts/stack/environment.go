package stack

import (
	"os"
	"slices"
	"strings"
)

// environment returns the environment of this process and the additions. It leaves out the variables
// that would connect a program to another server, such as VAULT_ADDR and BAO_ADDR, and those with
// secrets of Paxos.
func environment(additions ...string) []string {
	inherited := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "VAULT_") || strings.HasPrefix(variable, "BAO_") ||
			strings.HasPrefix(variable, "PAXOS_")
	})
	return append(inherited, additions...)
}
