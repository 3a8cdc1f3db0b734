# One role for each application, and the policy that lets the application read its tokens. Durations are
# in seconds, because a read answers seconds.

resource "vault_generic_endpoint" "mint_role" {
  depends_on           = [vault_generic_endpoint.config, vault_generic_endpoint.guardrails]
  path                 = "${vault_mount.paxos.path}/roles/mint-role"
  ignore_absent_fields = true

  data_json = jsonencode({
    operations    = ["ListProfiles", "GetTransfer"]
    ttl           = 900
    poll_interval = 300
  })
}

resource "vault_policy" "application" {
  name   = "paxos-application"
  policy = file("${path.module}/../policies/application.hcl")
}
