# The security team: where secrets are sent, what nobody may exceed, accepted findings, and the
# end of a lockdown. All paths but the last two need sudo. No tokens and no signatures.

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
