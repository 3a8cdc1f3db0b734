. "$docs_repository/scripts/docs/pages/api.sh"
vault write -f paxos/keys/payments
vault read -field=public_key paxos/keys/payments | dashboard register-key root >kid.txt
vault write paxos/keys/payments/kid kid=- <kid.txt
