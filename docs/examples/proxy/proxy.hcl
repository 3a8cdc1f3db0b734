# Vault Proxy adds the Vault token to the requests of the application. Use it together with
# ../agent/login.hcl.
#
# There is no cache: Vault Proxy caches no answer of token/, because it has no lease. The engine answers
# such a read from its memory.

api_proxy {
  # Vault Proxy always uses its own Vault token, also if the application sends one.
  use_auto_auth_token = "force"
}

# Everybody who can open the socket has the policies of this login.
listener "unix" {
  address     = "vault.sock"
  socket_mode = "0600"
  tls_disable = true
}
