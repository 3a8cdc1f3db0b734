# A responder in an incident: finds the role and the holders of a token, and revokes it. Responders get no
# tokens and no signatures, and cannot change roles. A responder can begin a lockdown. Only the security team
# can end it.

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

# For a leaked client secret: stores a new secret, or makes another client the root client.
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

# Shows what a token allows, and who can pay.
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

# Tests whether Paxos rejects revoked tokens.
path "paxos/probe" {
  capabilities = ["update"]
}

# Returns the hash of a value in the audit log, such as the token that was found.
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
