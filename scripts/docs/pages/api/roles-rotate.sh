. "$docs_repository/scripts/docs/pages/api.sh"
vault read paxos/token/tracker
