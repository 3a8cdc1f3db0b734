# consul-template writes an access token of Paxos to a file. It takes the address of Vault from VAULT_ADDR.
kill_signal = "SIGTERM" # the default is SIGINT, and consul-template ignores the SIGTERM of a service manager

vault {
  vault_agent_token_file = "vault-token"
  renew_token            = false # Vault Agent renews it

  # The default is 12 attempts. After them, consul-template ends. With 0, it always tries again.
  retry {
    attempts    = 0
    backoff     = "250ms"
    max_backoff = "30s"
  }
}

# A read of token/ says when to read again. consul-template does so, at most poll_interval later.
template {
  contents             = "{{ with secret \"paxos/token/mint-role\" }}{{ .Data.access_token }}{{ end }}"
  destination          = "paxos-token"
  perms                = "0600"
  error_on_missing_key = true

  # Runs after each change of the file. Make your application read the file again.
  exec {
    command = ["sh", "-c", "echo reloaded >> reload.log"]
  }
}
