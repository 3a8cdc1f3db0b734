// Package signing signs requests to Paxos's API (docs.paxos.com/guides/developer/request-signing):
// it checks that a request can be signed unchanged, and makes the value of the Paxos-Signature
// header, a JSON Web Signature (RFC 7515) that has the body as its payload. It imports nothing of
// Vault: the caller keeps the keys and decides who may have which request signed.
package signing
