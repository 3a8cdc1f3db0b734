# Terraform or OpenTofu, for settings, roles and scope sets. Its state file would contain client secrets, so this
# policy does not allow it to write one.

path "paxos/config" {
  capabilities = ["read", "update", "patch"]
  denied_parameters = {
    "client_secret" = []
  }
}

path "paxos/roles/*" {
  capabilities = ["create", "read", "update", "patch", "delete", "list"]
}

path "paxos/scope-sets/*" {
  capabilities = ["create", "read", "update", "delete", "list"]
}

# The Vault provider creates a separate token for each run. It ends after 20 minutes.
path "auth/token/create" {
  capabilities = ["create", "update"]
}
