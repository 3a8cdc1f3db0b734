. "$docs_repository/scripts/docs/pages/runbooks.sh"
vault policy write payouts - <<'END'
path "paxos/token/mint-role" { capabilities = ["read", "update"] }
END
dashboard create vault-vendor-1 funding:read_profile >vendor-secret.txt
vault write paxos/clients/vendor-1 purpose=lease client_id="$(dashboard id vault-vendor-1)" client_secret=- \
  scopes=funding:read_profile allowed_roles=vendor <vendor-secret.txt
vault write paxos/roles/vendor credential_type=client_credentials clients=vendor-1 ttl=8h max_ttl=24h
vault read paxos/creds/vendor
as responder
