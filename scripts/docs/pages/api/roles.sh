. "$docs_repository/scripts/docs/pages/api.sh"
. "$docs_repository/scripts/docs/pages/api/vendor.sh"
vault write paxos/clients/vendor-1 purpose=lease client_id="$VENDOR_CLIENT_ID" client_secret=- \
  scopes="transfer:read_transfer funding:read_profile" allowed_roles=vendor <vendor-secret.txt
