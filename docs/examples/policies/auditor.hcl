# An auditor, or the job that runs paxos-report: reads everything that is not a secret, and changes
# nothing. Vault wants sudo for paths that only the security team may change; without "update" and
# "delete" it gives no way to change them.

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

# The hash under which the audit log has a value.
path "sys/audit-hash/*" {
  capabilities = ["update"]
}
