// Package paxos talks to Paxos (https://docs.paxos.com): it requests and revokes
// OAuth2 access tokens and lists and deletes API credentials. It speaks HTTP and
// imports nothing of Vault.
//
// A [Connection] says where Paxos is and how it is reached. A [Client] is a Connection with the
// credentials of one Paxos API client. Both are immutable and safe for concurrent use. A call that
// fails returns an [*Error], which can be shown, logged and stored: it has a status and a code, and
// no text that the other side wrote.
package paxos
