# Terraform or OpenTofu, for roles and scope sets. Keep client secrets out of it: the state file
# would have them. So it may change the settings in config, and not the secret.

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

# The Vault provider makes a token of its own for each run, which ends after 20 minutes.
path "auth/token/create" {
  capabilities = ["create", "update"]
}
