// Package e2e has the end-to-end tests: a real Vault server, Vault Agent and the
// plugin as separate processes, and the stand-in Paxos over real HTTP. Whether a token
// is alive is read from the stand-in, and not concluded from a status code.
//
// They need VAULT_BIN, the vault binary to run; `make test` sets it.
package e2e
