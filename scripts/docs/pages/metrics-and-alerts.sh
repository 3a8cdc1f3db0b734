. "$docs_repository/scripts/docs/pages/runbooks.sh"
vault read -format=raw paxos/metrics
as monitoring
