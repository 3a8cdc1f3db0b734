// Package signing signs requests to Paxos's API (docs.paxos.com/guides/developer/request-signing):
// it checks that a request can be signed as it is, and makes the Paxos-Signature header, a compact
// JSON Web Signature (RFC 7515) with the body attached as payload. It knows nothing of Vault: where
// keys are kept, and who may have what signed, is decided elsewhere.
package signing
