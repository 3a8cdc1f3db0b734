# The payments team: what applications may have signed. No signatures and no tokens.

path "paxos/keys/*" {
  capabilities = ["create", "read", "update", "delete", "list"]
}

path "paxos/signers/*" {
  capabilities = ["create", "read", "update", "patch", "delete", "list"]
}

# check_signing=true proves that Paxos enforces signatures.
path "paxos/probe" {
  capabilities = ["update"]
}

path "paxos/operations/*" {
  capabilities = ["read", "list"]
}

path "paxos/report/*" {
  capabilities = ["read"]
}
