package main

// writeReport writes the report of the mount.
func writeReport() step {
	return step{
		name:  "Report",
		title: "The report for the security review",
		commands: []command{
			{line: "paxos-report -mount paxos -refresh > report.html"},
			{line: "grep -c '</html>' report.html; wc -c < report.html", want: []string{`^1$`, `^ *\d{4,}$`}},
			{line: `paxos-report -mount paxos -json |
  jq -r '.findings[] | "\(.severity)  \(.rule)  \(.subject)"'`, want: []string{`^(high|medium|low|info) `}},
			{line: "paxos-report -mount paxos -json | jq '.findings | length'", want: []string{`^(\d+)$`},
				figure: "%s findings, each with a remedy"},
		},
		shown: "The page also shows each role's access, the holders and the clients. It has no secret.",
	}
}

// searchLogs checks that no secret is in a log.
func searchLogs() step {
	return step{
		name:  "Logs",
		title: "No secret, token or signature is in a log",
		commands: []command{
			{standIn: true, line: `kill -TERM "$proxy"; wait "$proxy"; test ! -e paxos.sock`},
			{line: `kill -TERM "$agent"; wait "$agent"`},
			{note: "secrets.txt gets the client secrets, the tokens and a signature of the steps before:",
				line: `jq -r '.. | objects | .access_token, .client_secret | strings' \
  *.json readers/*.json > secrets.txt`},
			{line: "awk 1 *-token *-secret >> secrets.txt"},
			{standIn: true, line: "sed 's/Paxos-Signature: //' signature.header >> secrets.txt"},
			{line: "sort -u secrets.txt | wc -l", want: []string{`^ *(\d+)$`},
				figure: "%s secrets, tokens and signatures searched for"},
			{note: "grep finds the secret in client.json, and none of them in the logs:",
				line: "grep -c -F -f secrets.txt client.json", want: []string{`^1$`}},
			{line: "cat *.log | grep -c -F -f secrets.txt", fails: true, want: []string{`^(0)$`},
				figure: "%s found"},
			{line: "wc -l < audit.log", want: []string{`^ *(\d+)$`}, figure: "%s lines in the audit log"},
		},
		shown: "Vault's audit log has the requests. Secrets are in it only as hashes.",
	}
}

// disable removes the mount, which revokes everything that it issued.
func disable() step {
	return step{
		name:  "Disabled mount",
		title: "Disabling the mount revokes what it issued",
		commands: []command{
			{line: `vault read -field=access_token paxos/creds/treasury |
  sed 's/^/Authorization: Bearer /' > token.header`},
			callPaxos("token.header", "profiles", "200"),
			{line: "vault secrets disable paxos", want: []string{"Success"}},
			callPaxos("token.header", "profiles", "401"),
			{standIn: true, line: `curl -sS "$PAXOS/sandbox/tokens" |
  jq -r --slurpfile root client.json \
  '[.tokens[] | select(.client_id == $root[0].client_id).alive] |
  "\(map(select(.)) | length) of \(length)"'`,
				want: []string{`^(0 of \d+)$`}, figure: "%s tokens still valid"},
		},
		shown: "All tokens that the mount had were revoked at Paxos.",
	}
}
