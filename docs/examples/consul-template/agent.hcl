# Vault Agent logs in for consul-template, which cannot log in with AppRole itself. It writes its Vault
# token to a file that consul-template reads, and keeps the login alive. It takes the address of Vault
# from VAULT_ADDR.
auto_auth {
  method "approle" {
    config = {
      role_id_file_path                   = "role-id"
      secret_id_file_path                 = "secret-id"
      remove_secret_id_file_after_reading = false
    }
  }

  sink "file" {
    config = {
      path = "vault-token"
      mode = 0600
    }
  }
}
