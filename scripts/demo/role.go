package main

// roleWrite is the write of the role that an application reads in the story.
func (s *stage) roleWrite() string {
	return `vault write paxos/roles/treasury operations="` + s.paxos.operations + `"`
}

// writeRole writes the role. The parameters that it adds keep the demo short.
func (s *stage) writeRole() step {
	return step{
		name:  "Role by operations",
		title: "A role names the operations that an application calls",
		commands: []command{
			{line: s.roleWrite() + ` \
  ttl=15m idle_ttl=0s poll_interval=10s`, want: []string{"Success"}},
			{line: "vault read -format=json paxos/roles/treasury > role.json"},
			{line: "jq '.data | {operations, resolved_scopes, operations_beyond}' role.json",
				want: []string{"funding:read_profile"}},
			{line: `jq -r '.data |
  "\(.operations | length) operations, \(.resolved_scopes | length) scopes"' role.json`,
				want: []string{`^(\d+ operations, \d+ scopes)$`}, figure: "%s"},
		},
		shown: "The engine found the permissions (scopes) that these operations need. operations_beyond is what " +
			"these scopes also allow, because Paxos has no smaller ones. The other parameters keep the demo short.",
	}
}

// narrow reads a token with fewer scopes than the role has.
func narrow() step {
	return step{
		standIn: true, // the role has only one scope at the real Paxos
		name:    "Narrowed request",
		title:   "A request can ask for less than the role allows",
		commands: []command{
			{line: `vault write -format=json paxos/creds/treasury \
  scopes=funding:read_profile ttl=1m > narrow.json`},
			{line: "jq -c '{scope: .data.scope, lease_duration}' narrow.json",
				want: []string{`^\{"scope":"funding:read_profile","lease_duration":60\}$`}},
			{line: `jq -r '"Authorization: Bearer " + .data.access_token' narrow.json > narrow.header`},
			callPaxos("narrow.header", "profiles", "200").measures("%s with a scope that it asked for"),
			callPaxos("narrow.header", "transfer/transfers", "403").measures("%s without"),
			{line: "vault write paxos/creds/treasury scopes=transfer:write_crypto_withdrawal", fails: true,
				want: []string{`Code: (4\d\d)`}, figure: "%s for more than the role has"},
		},
		shown: "The narrowed token can list profiles, but not transfers. A request cannot ask for more than the role.",
	}
}

// guard sets the guardrails, and tries to write a role that exceeds them.
func guard() step {
	return step{
		name:  "Guardrails",
		title: "Guardrails limit every role of the mount",
		commands: []command{
			{line: `vault write paxos/config/guardrails \
  allowed_scopes="funding:*,transfer:read_*,transfer:write_crypto_withdrawal"`, want: []string{"Success"}},
			{line: "vault write paxos/roles/too-much operations=CreateInternalTransfer", fails: true,
				want: []string{`Code: (4\d\d)`, "transfer:write_internal_transfer"}, figure: "%s for a role that exceeds them"},
		},
		shown: "The security team sets the guardrails. Roles that exceed them cannot be written.",
	}
}
