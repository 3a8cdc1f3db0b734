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

# An application that logs in with AppRole has an entity too.
vault auth enable approle
vault write auth/approle/role/treasury token_policies=application
vault read -field=role_id auth/approle/role/treasury/role-id >role-id
vault write auth/approle/login role_id=@role-id \
  secret_id="$(vault write -f -field=secret_id auth/approle/role/treasury/secret-id)"

# The lookups of the runbook need no other policy than these, and these allow no change and no list.
for policy in responder auditor; do
  as $policy
  vault read identity/entity/name/payouts
  entity=$(vault read -field=id identity/entity/name/payouts)
  vault read "identity/entity/id/$entity"
  fails vault write identity/entity/name/payouts disabled=true
  fails vault list identity/entity/name
  fails vault write sys/auth/another type=userpass
done
unset policy entity # the page goes on as an auditor
