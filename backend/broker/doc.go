// Package broker hands out Paxos access tokens without asking Paxos for one each
// time. It keeps tokens in memory and in a ledger, mints at most one per [Key]
// however many readers wait, refreshes ahead of expiry, judges what was granted,
// keeps count of who holds a shared token and sees every token to its end. It
// knows nothing of Vault: storage is behind [Ledger], permission behind
// [Request.Authorize].
package broker
