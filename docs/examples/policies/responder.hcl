# A responder in an incident: whose token is this, and end it. No tokens, no signatures, no change
# of roles. A responder begins a lockdown; the security team ends it.

path "paxos/lookup" {
  capabilities = ["update"]
}

path "paxos/roles/*" {
  capabilities = ["read", "list"]
}

path "paxos/roles/+/rotate" {
  capabilities = ["update"]
}

path "paxos/lockdown" {
  capabilities = ["read", "update", "sudo"]
}

path "paxos/revocations/*" {
  capabilities = ["read", "list"]
}

path "paxos/status" {
  capabilities = ["read"]
}

# A leaked client: its new secret, or another client in the root client's place.
path "paxos/config/rotate-root" {
  capabilities = ["update"]
}

path "paxos/config/replace-root" {
  capabilities = ["update", "sudo"]
}

path "paxos/clients/*" {
  capabilities = ["read", "list"]
}

path "paxos/clients/+/rotate" {
  capabilities = ["update"]
}

# What the token could do, and who could pay.
path "paxos/operations/*" {
  capabilities = ["read", "list"]
}

path "paxos/scopes/*" {
  capabilities = ["read", "list"]
}

path "paxos/signers/*" {
  capabilities = ["read", "list"]
}

path "paxos/report/*" {
  capabilities = ["read"]
}

# Whether Paxos still accepts a revoked token.
path "paxos/probe" {
  capabilities = ["update"]
}

# The hash under which the audit log has a value, such as the token that was found.
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
