package main

// readID is a command that notes which token a reader gets.
const readID = `echo "$(vault read -field=token_id paxos/token/treasury)" >> ids`

// sameToken is a command that shows how often the readers have got the same token.
func sameToken(times string) command {
	return command{line: "sort ids | uniq -c", want: []string{`^ *(` + times + `) [0-9a-f]+\n\z`}}
}

// killPlugin kills the plugin between two reads. The second read gets the same token.
func killPlugin() step {
	return step{
		title: "The plugin is killed. The next read gets the same token",
		commands: []command{
			{line: readID},
			{standIn: true, line: countRequests},
			{note: "vault.pid has the process id of Vault. The plugin is its only child:",
				line: `kill -KILL $(pgrep -P "$(cat vault.pid)")`},
			{line: readID},
			sameToken("2"),
			requestsSince("0", "token requests at Paxos after the plugin was killed"),
		},
		shown: "Vault started the plugin again. The plugin found the token in Vault's storage.",
	}
}

// rotateRoot replaces the secret of the root client while a reader continues to read.
func rotateRoot() step {
	return step{
		standIn: true, // at the real Paxos, a person must do this in the Dashboard
		title:   "The company's client gets a new secret. Readers notice nothing",
		commands: []command{
			{note: "At Paxos, a person chooses Rotate Credentials in the Dashboard. Here, curl does:",
				line: `curl -sS -X POST "$PAXOS/sandbox/credentials/$(jq -r .client_id client.json)/rotate" |
  jq -j .client_secret > new-secret`},
			{note: "The old secret does not work any more. A reader still gets its token:", line: readID},
			{line: "vault write paxos/config/rotate-root client_secret=- < new-secret",
				want: []string{"^generation +2$"}},
			{line: readID},
			sameToken("4").measures("reads of one token, over a killed plugin and a rotated secret: none failed"),
		},
		shown: "The engine verified the new secret before it stored it. No application had to be restarted.",
	}
}
