package stack

import (
	"os"
	"slices"
	"strings"
)

// environment is this process's, with the additions, and without what would lead a
// Vault program elsewhere (VAULT_ADDR and the like) or hand it a secret of Paxos.
func environment(additions ...string) []string {
	inherited := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "VAULT_") || strings.HasPrefix(variable, "PAXOS_")
	})
	return append(inherited, additions...)
}
