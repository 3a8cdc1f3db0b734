# The security team sets the connection and the guardrails, accepts findings, and ends a lockdown. It gets no
# tokens and no signatures. All paths except the last two need sudo.

path "paxos/config/connection" {
  capabilities = ["read", "update", "patch", "sudo"]
}

path "paxos/config/guardrails" {
  capabilities = ["read", "update", "patch", "delete", "sudo"]
}

path "paxos/config/replace-root" {
  capabilities = ["update", "sudo"]
}

path "paxos/config/resume" {
  capabilities = ["update", "sudo"]
}

# "update" begins a lockdown, "delete" ends it. Responders have only "update".
path "paxos/lockdown" {
  capabilities = ["read", "update", "delete", "sudo"]
}

path "paxos/exceptions/*" {
  capabilities = ["create", "read", "update", "delete", "list", "sudo"]
}

path "paxos/report/*" {
  capabilities = ["read"]
}

path "paxos/status" {
  capabilities = ["read"]
}
