package main

// restrict gives an application a Vault token that allows one role.
func restrict() step {
	return step{
		name:  "Policy",
		title: "A Vault policy decides who can read which role",
		commands: []command{
			{line: `echo 'path "paxos/token/treasury" { capabilities = ["read"] }' | vault policy write app -`,
				want: []string{"Success"}},
			{line: "vault token create -policy=app -ttl=1h -field=token > app-token"},
			{line: "VAULT_TOKEN=$(cat app-token) vault read -field=scope paxos/token/treasury",
				want: []string{"funding:read_profile"}},
			{line: "VAULT_TOKEN=$(cat app-token) vault read paxos/config", fails: true,
				want: []string{`Code: (403)`, "permission denied"}, figure: "%s for another path"},
		},
		shown: "The application can read this role, and nothing else on the mount.",
	}
}

// startAgent starts a Vault Agent that keeps a token in a file.
func startAgent() step {
	return step{
		name:  "Vault Agent",
		title: "Vault Agent keeps a valid token in a file, for an application that does not know Vault",
		commands: []command{
			{line: `printf '%s\n' \
  'auto_auth {' \
  '  method "token_file" {' \
  '    config = { token_file_path = "app-token" }' \
  '  }' \
  '}' \
  'template {' \
  '  source = "token.tmpl"' \
  '  destination = "paxos-token"' \
  '  perms = "0600"' \
  '  error_on_missing_key = true' \
  '  exec { command = ["sh", "-c", "date +%s > rendered-at"] }' \
  '}' > agent.hcl`},
			{line: `printf '{{ with secret "paxos/token/treasury" }}{{ .Data.access_token }}{{ end }}' \
  > token.tmpl`},
			{line: "vault agent -config=agent.hcl > agent.log 2>&1 &"},
			{line: "agent=$!"},
			{line: "until test -s rendered-at; do sleep 0.1; done"},
			callWith("paxos-token", "200").measures("%s at Paxos for the token in its file"),
		},
		shown: "Agent renders paxos-token, and reads again before the token expires. After each new token, it runs a " +
			"command, for example one that reloads the application. Here, the command notes the time.",
	}
}
