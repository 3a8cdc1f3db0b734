# An application that gets only some of the scopes of a role: here only funding:read_profile.
#
# Each line is needed:
#   - no "read": a read gets all scopes of the role;
#   - required_parameters: a write without scopes gets all scopes of the role;
#   - exact values: a glob such as "funding:*" also matches "funding:read_profile,transfer:...";
#   - [] allows any value. rejected_token_id takes only the id of a token.

path "paxos/creds/mint-role" {
  capabilities        = ["update"]
  required_parameters = ["scopes"]
  allowed_parameters = {
    "scopes"            = ["funding:read_profile"]
    "rejected_token_id" = []
  }
}
