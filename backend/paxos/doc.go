// Package paxos talks to Paxos (https://docs.paxos.com): it mints and revokes
// OAuth2 access tokens and lists and deletes API credentials. It speaks HTTP and
// knows nothing of Vault.
//
// A [Connection] says where Paxos is and how it is reached; a [Client] is a
// Connection with the credentials of one Paxos API client. Both are immutable
// and safe for concurrent use. Every failure is an [*Error], which carries a
// status and a code but never a byte of what the other side sent.
package paxos
