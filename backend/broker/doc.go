// Package broker hands out Paxos access tokens without asking Paxos for one each time. It keeps
// tokens in memory and in a ledger, requests at most one per [Key] at a time however many readers
// wait, refreshes tokens before they expire, checks what was granted, counts who holds a shared
// token, and ends every token. Package limits says when Paxos may be asked. The broker knows nothing
// of Vault: storage is behind [Ledger], permission behind [Request.Authorize].
package broker
