# An application that pays, or paxos-proxy. It gets tokens of one role, and signatures of one signer.
# With "update" on token/, it reports a token that Paxos rejected.
#
# Give it no other role that can move money.

path "paxos/token/payer" {
  capabilities = ["read", "update"]
}

path "paxos/sign/payouts" {
  capabilities = ["update"]
}
