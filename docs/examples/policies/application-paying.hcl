# An application that pays: the tokens of one role, and signatures of one signer.
# It is also the policy of paxos-proxy. "update" on token/ reports a token that Paxos rejected.
#
# Give it no other role that can move money.

path "paxos/token/payer" {
  capabilities = ["read", "update"]
}

path "paxos/sign/payouts" {
  capabilities = ["update"]
}
