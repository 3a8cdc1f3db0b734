. "$docs_repository/scripts/docs/pages/runbooks.sh"
vault write paxos/roles/mint-role idle_ttl=0s
vault write paxos/roles/unique operations=GetTransfer unique_tokens=true
vault write paxos/roles/tracker operations=GetTransfer
vault read paxos/creds/unique
as_application
vault read paxos/creds/mint-role
VAULT_TOKEN=$root_token
fail token 503
fail revoke 503
fails vault read paxos/creds/tracker
vault lease revoke -sync -prefix paxos/creds/mint-role
as operator

# await_empty_queue: waits until no revocation is queued. The engine tries again once a minute.
await_empty_queue() {
  local tries=100
  until fails vault list paxos/revocations; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ]
    sleep 1
  done
}
