# What the pages of docs/examples begin with: a configured mount, and the role and the login of
# docs/agent-and-applications.md. Their own scripts source this one.
start_paxos
configure_paxos
vault write paxos/roles/mint-role operations="ListProfiles GetTransfer" ttl=15m poll_interval=10s
vault policy write paxos-application docs/examples/policies/application.hcl
vault auth enable approle
vault write auth/approle/role/payments-api token_policies=paxos-application token_ttl=1h
(umask 077
  vault read -field=role_id auth/approle/role/payments-api/role-id >role-id
  vault write -force -field=secret_id auth/approle/role/payments-api/secret-id >secret-id)

# valid FILE: succeeds if Paxos accepts the token in the file.
valid() {
  printf 'Authorization: Bearer %s' "$(cat "$1")" | curl -sS --fail -o /dev/null -H @- "https://$docs_api/v2/profiles"
}

# fail ENDPOINT STATUS: Paxos answers all requests to an endpoint, such as token or operations, with this status.
fail() {
  paxos POST faults "$(jq -cn --arg endpoint "$1" --argjson status "$2" '{$endpoint, $status}')"
}

# heal: Paxos answers again.
heal() {
  paxos DELETE faults
}
