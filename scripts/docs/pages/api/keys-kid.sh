. "$docs_repository/scripts/docs/pages/api.sh"
vault write -f paxos/keys/payments

# register_public_key: registers the public key of payments with Paxos, and prints the Key ID.
register_public_key() {
	vault read -field=public_key paxos/keys/payments | dashboard register-key root
}
