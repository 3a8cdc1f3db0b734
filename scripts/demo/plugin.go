package main

// readID is a command that shows and notes which token a reader gets.
const readID = `echo "$(vault read -field=token_id paxos/token/treasury)" | tee -a ids`

// sameToken is a command that shows how often the readers have got the same token.
func sameToken(times string) command {
	return command{line: "sort ids | uniq -c", want: []string{`^ *(` + times + `) [0-9a-f]+\n\z`}}
}

// killPlugin kills the plugin between two reads. The second read gets the same token.
func killPlugin() step {
	return step{
		name:  "Killed plugin",
		title: "The plugin is killed. The next read gets the same token",
		commands: []command{
			{standIn: true, line: countRequests},
			{line: readID},
			{note: "vault.pid has the process id of Vault. The plugin is its only child:",
				line: `kill -KILL $(pgrep -P "$(cat vault.pid)")`},
			{line: readID},
			sameToken("2").measures("%s reads got the same token"),
			requestsSince("1", "%s token request at Paxos"),
		},
		shown: "Vault started the plugin again. The plugin found the token in Vault's storage.",
	}
}

// rotateRoot replaces the secret of the root client while a reader continues to read.
func rotateRoot() step {
	return step{
		standIn: true, // at the real Paxos, a person must do this in the Dashboard
		name:    "Rotated root client",
		title:   "The company's client gets a new secret. Readers notice nothing",
		commands: []command{
			{note: "At Paxos, a person chooses Rotate Credentials in the Dashboard. Here, curl does:",
				line: `curl -sS -X POST "$PAXOS/sandbox/credentials/$(jq -r .client_id client.json)/rotate" |
  jq -j .client_secret > new-secret`},
			{line: "jq -j .client_secret client.json > old-secret"},
			{note: "The old secret does not work any more. A reader still gets its token:",
				line: requestToken("client.json", "old-secret"), want: []string{"^HTTP (401)$"}, figure: "%s for the old secret"},
			{line: readID},
			{line: "vault write paxos/config/rotate-root client_secret=- < new-secret",
				want: []string{"^generation +2$"}},
			{line: readID},
			sameToken("4").measures("%s reads got the same token up to now"),
		},
		shown: "The engine verified the new secret before it stored it. No application had to be restarted.",
	}
}
