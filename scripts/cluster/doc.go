// Package cluster has the end-to-end tests that need a cluster: three real Vault
// servers with integrated storage, the plugin on each, and the stand-in Paxos, all as
// separate processes. Which tokens were issued and are alive is read from the stand-in.
//
// They need VAULT_BIN, the vault binary to run; `make test-cluster` sets it.
package cluster
