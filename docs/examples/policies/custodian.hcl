# The custodian of stored clients: clients that are leased to vendors, and standby clients. The custodian
# stores clients and their new secrets. No path shows a stored secret.

path "paxos/clients/*" {
  capabilities = ["create", "read", "update", "patch", "delete", "list"]
}

# Makes a standby client the root client.
path "paxos/config/promote-standby" {
  capabilities = ["update"]
}

path "paxos/roles/*" {
  capabilities = ["read", "list"]
}

# Revokes the tokens of a role. A promotion may have to wait for that.
path "paxos/roles/+/rotate" {
  capabilities = ["update"]
}

path "paxos/report/*" {
  capabilities = ["read"]
}

path "paxos/status" {
  capabilities = ["read"]
}
