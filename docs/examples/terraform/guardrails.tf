# The ceiling of the mount. It belongs to the security team. Without disable_delete, removing this resource
# would remove the ceiling: every scope that the engine knows could be issued.

resource "vault_generic_endpoint" "guardrails" {
  path                 = "${vault_mount.paxos.path}/config/guardrails"
  ignore_absent_fields = true
  disable_delete       = true

  data_json = jsonencode({
    allowed_scopes = ["funding:read_profile", "transfer:read_transfer"]
    max_ttl        = 43200
  })
}
