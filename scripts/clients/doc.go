// Package clients has the tests with Vault's client libraries: each logs in, reads tokens and leases,
// handles refusals and ends what it holds, against a real Vault server with the plugin as a separate
// process, and the stand-in Paxos over HTTP. Whether a token is valid is read from the stand-in. It also
// runs the examples for Python, Go, Node and consul-template.
//
// They are a module of their own, so that no client library is in the plugin's go.mod. They need
// VAULT_BIN, the vault binary to run; `make test-clients` sets it.
package clients
