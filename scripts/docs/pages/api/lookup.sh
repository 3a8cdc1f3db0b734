. "$docs_repository/scripts/docs/pages/api.sh"
vault read -field=access_token paxos/token/tracker >found.txt
