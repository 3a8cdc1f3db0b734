// Package load has the end-to-end tests that take minutes because Paxos's limits do:
// rotations in a row under many readers and roles, and pools of clients that many
// entities want at once. Vault and the plugin are processes of their own. The stand-in
// Paxos throttles as Paxos does, and is asked what was minted and what lives.
//
// They need VAULT_BIN, the vault binary to run; `make test-load` sets it.
package load
