# An application that reads the tokens of one role.
#
# With "read" it gets a token. With "update" it asks for fewer scopes, or reports a token that Paxos
# rejected (rejected_token_id). It never gets more scopes than the role has.
#
# Keep only one of the two paths: creds/ returns a token with a lease, token/ a token without a lease.

path "paxos/creds/mint-role" {
  capabilities = ["read", "update"]
}

path "paxos/token/mint-role" {
  capabilities = ["read", "update"]
}
