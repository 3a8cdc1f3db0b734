# A person who installs and upgrades the plugin. Vault's plugin catalog needs sudo. This policy allows only
# this plugin and the mount at paxos.

path "sys/plugins/catalog/secret/vault-plugin-secrets-paxos" {
  capabilities = ["create", "read", "update", "delete", "sudo"]
}

path "sys/plugins/reload/secret/vault-plugin-secrets-paxos" {
  capabilities = ["update", "sudo"]
}

path "sys/mounts/paxos" {
  capabilities = ["create", "read", "update", "delete", "sudo"]
}

path "sys/mounts/paxos/tune" {
  capabilities = ["read", "update", "sudo"]
}

# For leases that Vault could not revoke, and for removing leases when Paxos or the plugin is missing.
path "sys/leases" {
  capabilities = ["read", "list", "sudo"]
}

path "sys/leases/revoke/paxos/*" {
  capabilities = ["update"]
}

path "sys/leases/revoke-force/paxos" {
  capabilities = ["update", "sudo"]
}

path "sys/leases/revoke-force/paxos/*" {
  capabilities = ["update", "sudo"]
}

path "paxos/status" {
  capabilities = ["read"]
}
