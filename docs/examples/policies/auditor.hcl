# An auditor, or the job that runs paxos-report. It reads everything that is not a secret, and changes
# nothing. Some paths need sudo, because only the security team may change them. Without "update" and
# "delete", sudo does not allow a change.

path "paxos/report/*" {
  capabilities = ["read"]
}

path "paxos/roles/*" {
  capabilities = ["read", "list"]
}

path "paxos/clients/*" {
  capabilities = ["read", "list"]
}

path "paxos/keys/*" {
  capabilities = ["read", "list"]
}

path "paxos/signers/*" {
  capabilities = ["read", "list"]
}

path "paxos/scope-sets/*" {
  capabilities = ["read", "list"]
}

path "paxos/scopes/*" {
  capabilities = ["read", "list"]
}

path "paxos/operations/*" {
  capabilities = ["read", "list"]
}

path "paxos/config" {
  capabilities = ["read"]
}

path "paxos/status" {
  capabilities = ["read"]
}

path "paxos/config/connection" {
  capabilities = ["read", "sudo"]
}

path "paxos/config/guardrails" {
  capabilities = ["read", "sudo"]
}

path "paxos/lockdown" {
  capabilities = ["read", "sudo"]
}

path "paxos/exceptions/*" {
  capabilities = ["read", "list", "sudo"]
}

# Returns the hash of a value in the audit log.
path "sys/audit-hash/*" {
  capabilities = ["update"]
}

# Finds the Vault entity of an application, and the application of an entity in the audit log. An AppRole is
# looked up by its role id, together with the accessor of its auth method.
path "identity/entity/name/+" {
  capabilities = ["read"]
}

path "identity/entity/id/+" {
  capabilities = ["read"]
}

path "identity/lookup/entity" {
  capabilities = ["update"]
}

path "sys/auth" {
  capabilities = ["read"]
}
