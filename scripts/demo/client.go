package main

// clientState is a command that shows the state of the vendor's client.
func clientState(want string) command {
	return command{line: "vault read -field=state paxos/clients/vendor-1", want: []string{"^" + want + "$"}}
}

// leaseClient stores a client and leases it to a vendor's software that must have a client itself.
func leaseClient() step {
	return step{
		standIn: true, // at the real Paxos, a person must create the client in the Dashboard
		name:    "Leased client",
		title:   "A vendor's software needs a Client ID and a secret: it leases a client",
		commands: []command{
			{note: "In the Dashboard, a person creates the client, and puts its secret into a file:",
				line: `curl -sS "$PAXOS/sandbox/credentials" \
  -d '{"nickname":"vault-vendor-1","scopes":["funding:read_profile"]}' > vendor.json`},
			{line: "jq -j .client_secret vendor.json > vendor-secret"},
			{line: `vault write paxos/clients/vendor-1 client_id="$(jq -r .client_id vendor.json)" \
  scopes=funding:read_profile purpose=lease allowed_roles=vendor \
  client_secret=- < vendor-secret`,
				want: []string{"Success"}},
			{line: `vault write paxos/roles/vendor credential_type=client_credentials \
  clients=vendor-1 ttl=8h max_ttl=24h`, want: []string{"Success"}},
			{line: `vault read -format=json paxos/creds/vendor > lease.json`},
			{line: "jq '{lease_duration, client_id: .data.client_id, scopes: .data.scopes}' lease.json",
				want: []string{`"lease_duration": 28\d\d\d`}},
			{line: requestToken("vendor.json", "vendor-secret"), want: []string{"HTTP 200"}},
			{note: "Another reader gets nothing while the client is leased:",
				line: "vault read paxos/creds/vendor", fails: true, want: []string{`Code: (4\d\d)`},
				figure: "%s for a second reader"},
		},
		shown: "Only one reader has this client. Vault knows who has it, and until when.",
	}
}

// takeBack ends the lease of a client. The client is in quarantine until it gets a new secret,
// which the last holder does not know.
func takeBack() step {
	return step{
		standIn: true,
		name:    "End of its lease",
		title:   "The lease ends. The next reader gets the client with a new secret only",
		commands: []command{
			{line: `vault lease revoke -sync "$(jq -r .lease_id lease.json)"`, want: []string{"Success"}},
			clientState("quarantined"),
			{note: "In the Dashboard: Rotate Credentials.",
				line: `curl -sS -X POST "$PAXOS/sandbox/credentials/$(jq -r .client_id vendor.json)/rotate" |
  jq -j .client_secret > vendor-new-secret`},
			{line: "vault write paxos/clients/vendor-1/rotate client_secret=- < vendor-new-secret",
				want: []string{"^state +available"}},
			{note: "The last holder tries the old secret:", line: requestToken("vendor.json", "vendor-secret"),
				want:   []string{"^HTTP (401)$"},
				figure: "%s at Paxos for the secret of the last holder"},
		},
		shown: "The client is available again. The last holder cannot use it any more.",
	}
}
