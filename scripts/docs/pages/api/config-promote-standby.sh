. "$docs_repository/scripts/docs/pages/api.sh"
dashboard create standby transfer:read_transfer funding:read_profile >standby-secret.txt
vault write paxos/clients/standby-1 purpose=standby client_id="$(dashboard id standby)" client_secret=- \
  scopes="transfer:read_transfer funding:read_profile" <standby-secret.txt
