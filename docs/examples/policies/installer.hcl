# Who installs and upgrades the plugin. Vault wants sudo for its catalog of plugins.
# The plugin's name and the mount's path are the only ones that this policy allows.

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

# Leases that Vault could not revoke, and ending leases when Paxos or the plugin is not there.
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
