. "$docs_repository/scripts/docs/pages/api.sh"
# Paxos revokes nothing, as during an outage.
vault read paxos/token/tracker
TOKEN_ID=$(vault read -field=token_id paxos/token/tracker)
paxos POST faults "{\"endpoint\": \"revoke\", \"status\": 503}"
vault write -f paxos/roles/tracker/rotate
