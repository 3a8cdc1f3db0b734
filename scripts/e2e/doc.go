// Package e2e has the end-to-end tests: a real Vault server, Vault Agent and the
// plugin as processes of their own, and the stand-in Paxos over real HTTP. What
// became of a token is asked of the stand-in, never inferred from a status code.
//
// They need VAULT_BIN, the vault binary to run; `make test` sets it.
package e2e
