// This module has the programs of our own that `make check` runs. It is a separate module so
// that none of their dependencies is in the plugin's go.mod.
module vault-plugin-secrets-paxos/scripts/tools

go 1.26.0

require golang.org/x/tools v0.51.0

require (
	github.com/google/go-cmp v0.7.0 // indirect
	golang.org/x/mod v0.41.0 // indirect
	golang.org/x/sync v0.23.0 // indirect
)
