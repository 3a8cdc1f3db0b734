package main

// readTogether reads the role a hundred times at once.
func readTogether() step {
	return step{
		name:  "100 readers at once",
		title: "100 readers ask for a token at the same time",
		commands: []command{
			{standIn: true, line: countRequests},
			{line: `curl --no-progress-meter --parallel --parallel-immediate --parallel-max 100 \
  -H "X-Vault-Token: $VAULT_TOKEN" -w 'HTTP %{http_code}\n' \
  --create-dirs -o 'readers/#1.json' \
  "$VAULT_ADDR/v1/paxos/creds/treasury#[1-100]" | sort | uniq -c`, want: []string{"^ *100 HTTP 200$"}},
			{note: "How many different leases, and how many different tokens do they have?",
				line: "jq -r .lease_id readers/*.json | sort -u | wc -l", want: []string{`^\s*(100)$`},
				figure: "%s leases"},
			{line: "jq -r .data.token_id readers/*.json | sort -u | wc -l", want: []string{`^\s*(1)$`},
				figure: "%s token"},
			requestsSince("1", "%s token request at Paxos").noted(
				"How many token requests did Paxos get?"),
		},
		shown: "Paxos allows about one token request per second for your whole IP address, and blocks it for " +
			"minutes if there are more. The engine needs one for all readers of a role.",
	}
}

// useToken reads the token again and calls Paxos with it.
func useToken() step {
	return step{
		name:  "Use of the token",
		title: "An application reads the token, and calls Paxos with it",
		commands: []command{
			{note: "sed prints only the beginning of the token:",
				line: `vault read paxos/creds/treasury | sed -E 's/^(access_token +.{8}).*/\1.../'`,
				want: []string{`^access_token +\S{8}\.\.\.$`}},
			{line: `vault read -field=access_token paxos/creds/treasury |
  sed 's/^/Authorization: Bearer /' > token.header`},
			callPaxos("token.header", "profiles", "200").measures("%s for an operation of the role"),
			callPaxos("token.header", "api-creds/credentials", "403").measures("%s for another operation"),
		},
		shown: "The client may do much more. The token may do only what the role allows.",
	}
}

// endLeases ends the leases of the role. The token ends with the last one.
func endLeases() step {
	return step{
		name:  "End of the leases",
		title: "When the last lease ends, the token is revoked at Paxos",
		commands: []command{
			{line: `vault lease revoke -sync "$(jq -r .lease_id readers/1.json)"`, want: []string{"Success"}},
			callPaxos("token.header", "profiles", "200").measures("%s after the first lease has ended"),
			{note: "One reader is gone, and the others can still work. Now all leases are revoked:",
				line: "vault lease revoke -sync -prefix paxos/creds/treasury", want: []string{"Success"}},
			callPaxos("token.header", "profiles", "401").measures("%s after the last"),
		},
		shown: "A shared token ends with its last lease, not before. With idle_ttl, it can stay a little longer.",
	}
}
