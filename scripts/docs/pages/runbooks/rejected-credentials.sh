. "$docs_repository/scripts/docs/pages/runbooks.sh"
dashboard rotate root >/dev/null
vault write paxos/roles/tracker operations=GetTransfer
fails vault read paxos/creds/tracker
as operator
