# The login of the application, for Vault Agent and for Vault Proxy. AppRole is an example: every auth
# method of Vault Agent works. The address of Vault comes from VAULT_ADDR.

auto_auth {
  method "approle" {
    config = {
      role_id_file_path   = "role-id"
      secret_id_file_path = "secret-id"

      # After a restart, Agent needs the file again.
      remove_secret_id_file_after_reading = false
    }
  }
}
