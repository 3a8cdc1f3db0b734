# Vault Proxy adds the Vault token to the requests of the application. Use it together with
# ../agent/login.hcl.
#
# There is no cache: Vault Proxy caches no answer of token/, because it has no lease. The engine answers
# such a read from its memory.

api_proxy {
  # Vault Proxy always uses its own Vault token, also if the application sends one.
  use_auto_auth_token = "force"
}

# Everybody who can open the socket has the policies of this login, so start Vault Proxy with umask 077.
# (socket_mode alone does nothing: it needs socket_user and socket_group too.)
listener "unix" {
  address     = "vault.sock"
  tls_disable = true
}
