# A token for the run itself. An ephemeral resource is neither in the plan nor in the state. A data source
# would write the token into both. Read token/, not creds/: the lease of creds/ ends with the provider's
# own Vault token.

#
# Terraform opens an ephemeral resource during the plan already, and depends_on does not change that. With
# mount_id, it waits until the role exists.
ephemeral "vault_generic_secret" "paxos" {
  path     = "${vault_mount.paxos.path}/token/mint-role"
  mount_id = vault_generic_endpoint.mint_role.id
}

# Ephemeral values may be used in provider blocks, in write-only arguments, and here.
resource "terraform_data" "profiles_can_be_read" {
  depends_on = [vault_generic_endpoint.mint_role]

  provisioner "local-exec" {
    command = "printf 'Authorization: Bearer %s' \"$TOKEN\" | curl -sS --fail -o /dev/null -H @- \"$API/profiles\""
    environment = {
      TOKEN = ephemeral.vault_generic_secret.paxos.data["access_token"]
      API   = ephemeral.vault_generic_secret.paxos.data["api_url"]
    }
  }
}
