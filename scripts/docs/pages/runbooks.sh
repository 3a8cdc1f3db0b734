# A mount as the runbooks expect it: a role whose token an application has, an audit log, and the policies.
# Pages of the folder runbooks source this in their own scripts.

root_token=$VAULT_TOKEN

# as POLICY: the commands that follow have a token with this policy of docs/examples/policies.
as() {
  VAULT_TOKEN=$(VAULT_TOKEN=$root_token vault token create -field=token -policy="$1")
}

# as_application: the commands that follow have a token of the application, which logs in.
as_application() {
  VAULT_TOKEN=$(vault write -field=token auth/userpass/login/payouts password=password)
}

# fail ENDPOINT STATUS [SECONDS]: Paxos answers all requests to an endpoint, token or revoke, with this
# status, and says that one may try again after so many seconds.
fail() {
  paxos POST faults "$(jq -cn --arg endpoint "$1" --argjson status "$2" --arg after "${3:-}" \
    '{endpoint: $endpoint, status: $status} + if $after == "" then {} else {headers: {"Retry-After": $after}} end')"
}

# fails COMMAND: runs a command that must fail, and keeps quiet about it.
fails() {
  ! "$@" >/dev/null 2>&1
}

# heal: Paxos answers again.
heal() {
  paxos DELETE faults
}

start_paxos
audit_on
configure_paxos
for policy in "$docs_repository"/docs/examples/policies/*.hcl; do
  vault policy write "$(basename "$policy" .hcl)" "$policy"
done

vault secrets tune -audit-non-hmac-response-keys=token_id -audit-non-hmac-response-keys=client_id \
  -audit-non-hmac-response-keys=scope -audit-non-hmac-response-keys=expires_at paxos/

vault write paxos/roles/mint-role operations="CreateOrchestration GetOrchestration ListProfiles"
vault auth enable userpass
vault write auth/userpass/users/payouts password=password
accessor=$(vault auth list -format=json | jq -r '.["userpass/"].accessor')
entity=$(vault write -field=id identity/entity name=payouts policies=application)
vault write identity/entity-alias name=payouts canonical_id="$entity" mount_accessor="$accessor"
unset policy accessor entity

as_application
vault read paxos/creds/mint-role
VAULT_TOKEN=$root_token
