# A mount with its root client.
ln -s "$docs_repository/docs" docs
start_paxos
configure_paxos

# revoke_at_paxos ANSWER: revokes the token of an answer at Paxos, without Vault.
revoke_at_paxos() {
	curl -sS --fail-with-body "https://$docs_oauth/oauth2/revoke" -d client_id="$PAXOS_CLIENT_ID" \
		-d client_secret="$(cat secret.txt)" --data-urlencode token="$(jq -r .data.access_token "$1")"
}
