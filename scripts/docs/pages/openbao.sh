# A mount with the role of the policy. The self-initialization of the page is sent as requests, which
# shows that a mount takes them.
start_paxos
configure_paxos
vault write paxos/roles/mint-role scopes="funding:read_profile transfer:read_transfer"

# check_page sends the data of the page's requests to a mount without configuration.
check_page() {
  vault secrets enable -path=paxos-new vault-plugin-secrets-paxos
  vault write paxos-new/config/guardrails - <<'EOF'
{"allowed_scopes": ["funding:*", "*:read_*"]}
EOF
  expect "the guardrails of the page" "[funding:* *:read_*]" \
    "$(vault read -field=allowed_scopes paxos-new/config/guardrails)"
}
