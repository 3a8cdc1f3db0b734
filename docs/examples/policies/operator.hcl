# An operator of the mount: settings, roles and the root client's secret. Operators get no tokens and no
# signatures. They see the guardrails only in errors.

path "paxos/config" {
  capabilities = ["read", "update", "patch"]
}

path "paxos/config/rotate-root" {
  capabilities = ["update"]
}

path "paxos/roles/*" {
  capabilities = ["create", "read", "update", "patch", "delete", "list"]
}

# Operators read scope sets. Another team may write them.
path "paxos/scope-sets/*" {
  capabilities = ["read", "list"]
}

# The operations of Paxos's API, and the scopes that they need.
path "paxos/operations/*" {
  capabilities = ["read", "list"]
}

path "paxos/scopes/*" {
  capabilities = ["read", "list"]
}

# Diagnosis. probe uses up to 3 token requests, and can run once in 10 minutes.
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

# Returns the hash of a value in the audit log, such as a token.
path "sys/audit-hash/*" {
  capabilities = ["update"]
}

# Lists and revokes leases of the mount. The list needs sudo. Vault's default policy allows a lookup of one
# lease.
path "sys/leases/lookup/paxos/*" {
  capabilities = ["list", "sudo"]
}

path "sys/leases/revoke/paxos/*" {
  capabilities = ["update"]
}
