# The custodian of the clients that are stored in Vault: clients that are leased to vendors, and
# standby clients. They store clients and their new secrets. No path shows a stored secret.

path "paxos/clients/*" {
  capabilities = ["create", "read", "update", "patch", "delete", "list"]
}

# Puts a standby client in the root client's place.
path "paxos/config/promote-standby" {
  capabilities = ["update"]
}

path "paxos/roles/*" {
  capabilities = ["read", "list"]
}

# Revokes the tokens of a role, which a promotion may have to wait for.
path "paxos/roles/+/rotate" {
  capabilities = ["update"]
}

path "paxos/report/*" {
  capabilities = ["read"]
}

path "paxos/status" {
  capabilities = ["read"]
}
