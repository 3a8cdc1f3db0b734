# The payments team decides what applications may have signed. It gets no signatures and no tokens.

path "paxos/keys/*" {
  capabilities = ["create", "read", "update", "delete", "list"]
}

path "paxos/signers/*" {
  capabilities = ["create", "read", "update", "patch", "delete", "list"]
}

# check_signing=true tests whether Paxos enforces signatures.
path "paxos/probe" {
  capabilities = ["update"]
}

path "paxos/operations/*" {
  capabilities = ["read", "list"]
}

path "paxos/report/*" {
  capabilities = ["read"]
}
