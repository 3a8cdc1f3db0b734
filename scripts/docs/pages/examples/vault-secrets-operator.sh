# The clients of the vendor, which a person brings from the Dashboard.
. "$docs_repository/scripts/docs/pages/examples.sh"
for vendor in vendor-1 vendor-2; do
  dashboard create "vault-$vendor" funding:read_profile >vendor-secret.txt
  vault write "paxos/clients/$vendor" purpose=lease client_id="$(dashboard id "vault-$vendor")" \
    client_secret=- scopes=funding:read_profile allowed_roles=vendor <vendor-secret.txt
done

check_page() {
  # What the operator does when a lease cannot be renewed: one entity leases another client before the end of
  # the first lease.
  vault policy write vendor - <<'EOF'
path "paxos/creds/vendor" { capabilities = ["read"] }
EOF
  vault write auth/approle/role/vendor token_policies=vendor token_ttl=1h
  VAULT_TOKEN=$(vault write -field=token auth/approle/login \
    role_id="$(vault read -field=role_id auth/approle/role/vendor/role-id)" \
    secret_id="$(vault write -force -field=secret_id auth/approle/role/vendor/secret-id)")
  vault read -format=json paxos/creds/vendor >first.json
  vault read -format=json paxos/creds/vendor >second.json
  expect 'clients of the two leases' 2 "$(jq -r .data.client_id first.json second.json | sort -u | wc -l)"
  local field
  for field in client_id client_secret token_url api_url; do
    jq -e --arg field "$field" '.data[$field] != null' first.json
  done
}
