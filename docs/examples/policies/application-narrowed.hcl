# An application that gets only some of the scopes of a role. Here this is funding:read_profile.
#
# All of this is needed:
#   - No "read": a read returns all scopes of the role.
#   - required_parameters: a write without scopes returns all scopes of the role.
#   - Exact values: a pattern such as "funding:*" also matches "funding:read_profile,transfer:...".
#
# [] allows any value. rejected_token_id reports a token that Paxos rejected.

path "paxos/creds/mint-role" {
  capabilities        = ["update"]
  required_parameters = ["scopes"]
  allowed_parameters = {
    "scopes"            = ["funding:read_profile"]
    "rejected_token_id" = []
  }
}
