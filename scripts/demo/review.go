package main

// writeReport writes the report of the mount.
func writeReport() step {
	return step{
		title: "The report for the security review",
		commands: []command{
			{line: "paxos-report -mount paxos > report.html"},
			{line: "grep -c '</html>' report.html; wc -c < report.html", want: []string{`^1$`, `^ *(\d{4,})$`},
				figure: "bytes of report.html, a page without other files"},
			{line: `paxos-report -mount paxos -json |
  jq -r '.findings[] | "\(.severity)  \(.rule)  \(.subject)"'`, want: []string{`^(high|medium|low|info) `}},
			{line: "paxos-report -mount paxos -json | jq '.findings | length'", want: []string{`^(\d+)$`},
				figure: "findings of the report: what to reduce, with a remedy for each"},
		},
		shown: "The page also shows each role's access, the holders and the clients. It has no secret.",
	}
}

// searchLogs checks that no secret is in a log.
func searchLogs() step {
	return step{
		title: "No secret, token or signature is in a log",
		commands: []command{
			{standIn: true, line: `kill -TERM "$proxy"; wait "$proxy"; test ! -e paxos.sock`},
			{line: `kill -TERM "$agent"; wait "$agent"`},
			{note: "secrets.txt gets all client secrets, tokens and signatures of this demo:",
				line: `jq -r '.. | objects | .access_token, .client_secret | strings' \
  *.json readers/*.json > secrets.txt`},
			{line: "awk 1 *-token *-secret >> secrets.txt"},
			{standIn: true, line: "sed 's/Paxos-Signature: //' signature.header >> secrets.txt"},
			{line: "sort -u secrets.txt | wc -l", want: []string{`^ *(\d+)$`}, figure: "different secrets, tokens and signatures were searched for"},
			{note: "grep finds the secret in client.json, and none of them in the logs:",
				line: "grep -c -F -f secrets.txt client.json", want: []string{`^1$`}},
			{line: "cat audit.log vault.log agent.log | grep -c -F -f secrets.txt", fails: true, want: []string{`^(0)$`},
				figure: "lines of Vault's audit log and of two other logs have one of them"},
			{line: "wc -l < audit.log", want: []string{`^ *(\d+)$`}, figure: "requests and answers in the audit log"},
		},
		shown: "Vault's audit log has the requests. Secrets are in it only as hashes.",
	}
}

// disable removes the mount, which revokes everything that it issued.
func disable() step {
	return step{
		title: "Disabling the mount revokes what it issued",
		commands: []command{
			{line: `vault read -field=access_token paxos/creds/treasury |
  sed 's/^/Authorization: Bearer /' > token.header`},
			callPaxos("token.header", "profiles", "200"),
			{line: "vault secrets disable paxos", want: []string{"Success"}},
			callPaxos("token.header", "profiles", "401"),
			{standIn: true, line: `curl -sS "$PAXOS/sandbox/tokens" |
  jq '[.tokens[] | select(.alive)] | length'`, want: []string{"^(0)$"}, figure: "tokens still valid at Paxos after the mount was disabled"},
		},
		shown: "Nothing is left at Paxos.",
	}
}
