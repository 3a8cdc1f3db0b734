. "$docs_repository/scripts/docs/pages/runbooks.sh"
stands_for /etc/vault/plugins "$(dirname "$docs_plugin")"

# restart_vault: the server starts again, as after a failover.
restart_vault() {
  VAULT_TOKEN=$root_token vault operator seal
  vault operator unseal "$docs_unseal_key"
  await env VAULT_TOKEN="$root_token" vault read sys/mounts
}

# one_irrevocable: whether one lease is irrevocable.
one_irrevocable() {
  vault read -format=json sys/leases type=irrevocable | jq -e '.data.lease_count == 1'
}

vault patch paxos/roles/mint-role ttl=3s
as_application
vault read paxos/creds/mint-role
VAULT_TOKEN=$root_token
mv "$docs_plugin" plugin-elsewhere
restart_vault
await one_irrevocable
as installer
