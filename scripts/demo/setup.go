package main

// begin makes the commands of the demo work, and enables the engine.
func (s *stage) begin() step {
	made := step{title: "Vault and a stand-in for Paxos run. The engine is installed as a plugin"}
	for _, line := range s.exports() {
		made.commands = append(made.commands, command{line: line})
	}
	made.commands = append(made.commands,
		command{line: `vault audit enable file file_path="$PWD/audit.log"`, want: []string{"Success"}},
		command{line: `vault plugin register \
  -sha256="$(sha256sum plugins/vault-plugin-secrets-paxos | cut -d' ' -f1)" \
  secret vault-plugin-secrets-paxos`, want: []string{"Success"}},
		command{line: "vault secrets enable -path=paxos vault-plugin-secrets-paxos", want: []string{"Success"}},
		command{standIn: true, line: "vault write paxos/config/connection @connection.json",
			want: []string{"token_url: secrets are sent unencrypted to 127.0.0.1"}},
	)
	made.shown = "The mount paxos/ exists, and has no configuration yet. It knows the addresses of Paxos itself; " +
		"only the stand-in needs config/connection. The warning is correct, and harmless on one machine."
	if s.paxos.sandbox == nil {
		made.title = "Vault runs. The engine is installed as a plugin"
		made.shown = "The mount paxos/ exists, and has no configuration yet. It knows the addresses of Paxos."
	}
	return made
}

// writeClient is the write that gives an empty mount its root client.
const writeClient = "vault write paxos/config @client.json"

// connect gives the mount its root client.
func (s *stage) connect() step {
	return step{
		name:  "Credentials",
		title: "The company's Paxos credentials are stored in Vault",
		commands: []command{
			{note: "client.json has a Client ID and its secret. Only you can read this file:",
				line: "jq 'del(.client_secret)' client.json", want: []string{"client_id"}},
			{line: writeClient, want: []string{"Success"}},
			{line: "vault read paxos/config | grep -E 'client_id|environment|secret'",
				want: []string{"^secret_verified +(true)"}, figure: "secret_verified is %s"},
		},
		shown: "The engine verified the secret with Paxos before it stored it. No path returns it.",
	}
}
