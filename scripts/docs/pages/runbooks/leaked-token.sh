. "$docs_repository/scripts/docs/pages/runbooks.sh"
as_application
mkdir found
vault read -field=access_token paxos/creds/mint-role > found/token.txt
as responder
