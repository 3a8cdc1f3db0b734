. "$docs_repository/scripts/docs/pages/runbooks.sh"
fail token 429 5
vault write paxos/roles/tracker operations=GetTransfer
fails vault read paxos/creds/tracker
heal
vault policy write operator-and-monitoring - \
  < <(cat "$docs_repository"/docs/examples/policies/{operator,monitoring}.hcl)
as operator-and-monitoring

# no_ban: whether Paxos's ban is over.
no_ban() {
  vault read -format=json paxos/status | jq -e '.data.banned_until == ""'
}
