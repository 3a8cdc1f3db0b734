package main

// countRequests stores how many token requests the stand-in has had.
const countRequests = `before=$(curl -sS "$PAXOS/sandbox/calls" | jq .endpoints.token)`

// requestsSince is a command that prints how many token requests the stand-in has had since countRequests.
func requestsSince(want, figure string) command {
	return command{standIn: true, line: `echo "$(( $(curl -sS "$PAXOS/sandbox/calls" | jq .endpoints.token) - before ))"`,
		want: []string{"^(" + want + ")$"}, figure: figure}
}

// callPaxos is a command that sends a GET with the token of a file to Paxos's API. It may have to wait for the
// end of a token.
func callPaxos(header, path, status string) command {
	return command{line: `curl -sS -o answer.json -w 'HTTP %{http_code}\n' \
  -H @` + header + ` "$PAXOS/v2/` + path + `"`,
		want: []string{"^HTTP (" + status + ")$"}, waits: true}
}

// callWith is a command that calls Paxos with the token in a file.
func callWith(file, status string) command {
	return command{line: `sed 's/^/Authorization: Bearer /' ` + file + ` |
  curl -sS -o answer.json -w 'HTTP %{http_code}\n' -H @- "$PAXOS/v2/profiles"`,
		want: []string{"^HTTP (" + status + ")$"}, waits: true}
}

// requestToken is a command that requests a token at the stand-in with a client, as software does that has
// a Client ID and a secret.
func requestToken(client, secret string) string {
	return `curl -sS -o answer.json -w 'HTTP %{http_code}\n' -d grant_type=client_credentials \
  -d client_id="$(jq -r .client_id ` + client + `)" \
  --data-urlencode client_secret@` + secret + ` \
  -d scope=funding:read_profile "$PAXOS/oauth2/token"`
}
