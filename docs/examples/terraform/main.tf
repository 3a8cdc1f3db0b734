# The mount and its settings. The Vault token of this run needs the policies installer.hcl (mount),
# terraform.hcl (config, roles), security.hcl (guardrails) and a right to write policies. Where these are
# separate teams, each team has its own file of this folder in its own Terraform configuration.

terraform {
  required_version = ">= 1.10" # for ephemeral resources

  required_providers {
    vault = {
      source  = "hashicorp/vault"
      version = "~> 5.11"
    }
  }
}

# The address and the token come from VAULT_ADDR and VAULT_TOKEN.
provider "vault" {}

resource "vault_mount" "paxos" {
  path        = "paxos"
  type        = "vault-plugin-secrets-paxos"
  description = "Access tokens of Paxos"

  lifecycle {
    prevent_destroy = true # it would revoke all tokens, and delete the signing keys for ever
  }
}

# There is no client_id and no client_secret here: the state file would contain the secret. A person
# stores them, as README.md says.
resource "vault_generic_endpoint" "config" {
  path                 = "${vault_mount.paxos.path}/config"
  ignore_absent_fields = true
  disable_delete       = true # a delete is refused while tokens are valid

  data_json = jsonencode({
    environment  = "sandbox"
    token_budget = 120
  })
}
