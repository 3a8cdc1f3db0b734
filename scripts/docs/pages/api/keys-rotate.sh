. "$docs_repository/scripts/docs/pages/api.sh"
vault write -f paxos/keys/payments
KEY_ID=$(vault read -field=public_key paxos/keys/payments | dashboard register-key root)
vault write paxos/keys/payments/kid kid="$KEY_ID"
