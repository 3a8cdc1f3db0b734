# An operator of the mount: settings, roles and the root client's secret. No tokens, no
# signatures, and nothing that needs sudo. Operators see the guardrails only in errors.

path "paxos/config" {
  capabilities = ["read", "update", "patch"]
}

path "paxos/config/rotate-root" {
  capabilities = ["update"]
}

path "paxos/roles/*" {
  capabilities = ["create", "read", "update", "patch", "delete", "list"]
}

# Without "create", "update" and "delete": those belong to the team that owns the sets.
path "paxos/scope-sets/*" {
  capabilities = ["read", "list"]
}

# What Paxos's API has: operations, and the scopes that they need.
path "paxos/operations/*" {
  capabilities = ["read", "list"]
}

path "paxos/scopes/*" {
  capabilities = ["read", "list"]
}

# Diagnosis. probe uses up to 3 token requests, once in 10 minutes.
path "paxos/status" {
  capabilities = ["read"]
}

path "paxos/probe" {
  capabilities = ["update"]
}

path "paxos/revocations/*" {
  capabilities = ["read", "list"]
}

path "paxos/report/*" {
  capabilities = ["read"]
}

# The hash under which the audit log has a value, such as a token_id.
path "sys/audit-hash/*" {
  capabilities = ["update"]
}

# Leases of the mount: list and revoke them. Vault wants sudo for the list. Its default policy
# allows to look one up.
path "sys/leases/lookup/paxos/*" {
  capabilities = ["list", "sudo"]
}

path "sys/leases/revoke/paxos/*" {
  capabilities = ["update"]
}
