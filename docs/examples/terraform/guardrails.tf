# The ceiling of the mount. It belongs to the security team.

resource "vault_generic_endpoint" "guardrails" {
  path                 = "${vault_mount.paxos.path}/config/guardrails"
  ignore_absent_fields = true

  data_json = jsonencode({
    allowed_scopes = ["funding:read_profile", "transfer:read_transfer"]
    max_ttl        = 43200
  })
}
