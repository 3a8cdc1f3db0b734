package main

// findToken looks up a leaked token, and revokes it.
func findToken() step {
	return step{
		name:  "Leaked token",
		title: "A token leaks: the responder finds out whose it is, and revokes it",
		commands: []command{
			{note: "Somebody found this token in a log:", line: "cp paxos-token found-token"},
			{line: `vault write -format=json paxos/lookup access_token=- < found-token |
  jq '.data | {known, role, scopes, client_id, expires_at}'`,
				want: []string{`"known": true`, `"role": "(treasury)"`}, figure: "it belongs to the role %s"},
			{line: "rm rendered-at; date +%s > revoked-at"},
			{line: "vault write -f paxos/roles/treasury/rotate",
				want: []string{`^ended +(\d+)$`, `^pending +0$`}, figure: "%s token revoked"},
			callWith("found-token", "401").measures("%s at Paxos afterwards"),
		},
		shown: "The leaked token is useless. Vault Agent still has it in its file, for up to poll_interval (10 " +
			"seconds here, 5 minutes by default). A later step looks at the file again.",
	}
}

// recoverAgent shows that Vault Agent has a new token. Other steps are between the end of the old token and this
// one, because Agent needs some seconds.
func recoverAgent() step {
	return step{
		name:  "Recovery of Agent",
		title: "Meanwhile, Vault Agent has recovered by itself",
		commands: []command{
			{line: "until test -s rendered-at; do sleep 0.1; done"},
			{line: `echo "$(( $(cat rendered-at) - $(cat revoked-at) )) seconds"`, want: []string{`^(\d+ seconds)$`},
				figure: "a new token after %s"},
			{line: "for file in found-token paxos-token; do echo \"$file: $(cut -c1-8 $file)...\"; done",
				want: []string{`^paxos-token: \S{8}\.\.\.$`}},
			callWith("paxos-token", "200").measures("%s at Paxos"),
		},
		shown: "The file has a new token. The application was not restarted.",
	}
}

// lockDown puts the mount into lockdown, and ends the lockdown.
func lockDown() step {
	return step{
		name:  "Lockdown",
		title: "Lockdown: if nobody knows what leaked, one write stops the whole mount",
		commands: []command{
			{line: `vault write -format=json paxos/lockdown reason="tokens were found on a paste site" |
  jq '.data | {locked, ended, pending, cannot_end}'`,
				want: []string{`"locked": true`, `"ended": (\d+)`, `"pending": 0`}, figure: "%s tokens revoked"},
			{line: "vault read paxos/creds/treasury", fails: true, want: []string{`Code: (403)`, "in lockdown"},
				figure: "%s for a reader"},
			{standIn: true, line: withdraw("s/invoice-1/invoice-12/"),
				want: []string{"^HTTP (403)$"}, figure: "%s for a payment"},
			{line: "vault delete paxos/lockdown", want: []string{"Success"}},
		},
		shown: "Nothing was issued or signed. cannot_end lists what must be stopped at Paxos.",
	}
}
