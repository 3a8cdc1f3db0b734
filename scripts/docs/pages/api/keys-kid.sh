. "$docs_repository/scripts/docs/pages/api.sh"
vault write -f paxos/keys/payments
