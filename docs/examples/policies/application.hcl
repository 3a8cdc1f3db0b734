# An application that reads the tokens of one role.
#
# "read" gets a token. "update" lets it ask for fewer scopes, and report a token that Paxos
# rejected (rejected_token_id). It never gets more than the role has.
#
# Keep one of the two paths: creds/ for a token on a lease, token/ for one without a lease.

path "paxos/creds/mint-role" {
  capabilities = ["read", "update"]
}

path "paxos/token/mint-role" {
  capabilities = ["read", "update"]
}
