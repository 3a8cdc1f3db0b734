. "$docs_repository/scripts/docs/pages/runbooks.sh"
days_ago=0
as_application
token_id=$(vault read -field=token_id paxos/creds/mint-role)
vault write paxos/creds/mint-role scopes=funding:read_profile
fails vault read paxos/creds/other-role
fails vault write paxos/creds/mint-role scopes=transfer:read_transfer
as operator
vault patch paxos/roles/mint-role ttl=15m
VAULT_TOKEN=$root_token
