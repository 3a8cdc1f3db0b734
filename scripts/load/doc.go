// Package load has the end-to-end tests that take minutes because of Paxos's limits: many rotations
// while applications read many roles, and pools of clients that many entities want at the same time; and
// a day of as many payments as a mount counts.
// Vault and the plugin are separate processes. The stand-in Paxos has Paxos's rate limit. Which tokens
// were issued and are alive is read from it.
//
// They need VAULT_BIN, the vault binary to run; `make test-load` sets it.
package load
