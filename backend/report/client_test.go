package report_test

import (
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/report"
)

// ofClients are changes of the clients that the mount stores.
var ofClients = []deserving{
	{"a secret of the greatest age", func(f *report.Facts) { f.Clients[0].Since = now.Add(-90 * day) }, nil},
	{"a secret that is too old", func(f *report.Facts) { f.Clients[0].Since = now.Add(-90*day - time.Second) }, []want{
		{"medium secret-old client root", "client_id=root-id; secret_set_at=2026-08-03T11:59:59Z",
			"Rotate Credentials of root-id; then paste the secret into the next command\n" +
				"vault write paxos/config/rotate-root client_secret=-", ""},
	}},
	{"a stored client's secret that was not verified", func(f *report.Facts) {
		addClient(f, "two", "mint").Verified = false
	}, []want{
		{"medium secret-unverified client clients/two", "client_id=two-id",
			"\nvault write paxos/clients/two/rotate client_secret=-", ""},
	}},
	{"a root client that Paxos does not list", func(f *report.Facts) { f.List.Credentials = nil }, []want{
		{"high client-missing client root", "client_id=root-id",
			"\nvault write paxos/config/replace-root 'client_id=<Client ID>' client_secret=-", ""},
	}},
	{"a root client that a list without the last credentials lacks", func(f *report.Facts) {
		f.List.Credentials, f.List.Left = nil, 1
	}, []want{{"low list-too-long credentials", "", "", "delete the credentials that nobody owns"}}},
	{"a stored client that Paxos does not list", func(f *report.Facts) {
		addClient(f, "two", "mint")
		f.List.Credentials = f.List.Credentials[:1]
	}, []want{
		{"high client-missing client clients/two", "client_id=two-id",
			"\nvault write paxos/clients/two/rotate client_secret=-", ""},
	}},
	{"a client that is disabled", func(f *report.Facts) { listed(f).Status = paxos.StatusDisabled }, []want{
		{"high client-disabled client root", "client_id=root-id; status=DISABLED",
			"vault write paxos/config/replace-root ", ""},
	}},
	{"a client without a purpose", func(f *report.Facts) { addClient(f, "two", "") }, []want{
		{"medium client-without-purpose client clients/two", "client_id=two-id",
			"vault patch paxos/clients/two 'purpose=<mint, lease or standby>'", ""},
	}},
	{"a client that was not shown to be of the Entity, but is listed", func(f *report.Facts) {
		addClient(f, "two", "standby").EntityShown = false
	}, nil},
	{"a client that was not shown to be of the Entity, before any list", func(f *report.Facts) {
		addClient(f, "two", "standby").EntityShown = false
		f.List = report.List{}
	}, []want{
		{"low entity-unknown client clients/two", "client_id=two-id",
			"add funding:read_profile to the scopes of two-id", ""},
		{"info never-compared report/drift", "", "vault read paxos/report/drift refresh=true", ""},
	}},
	{"scopes that no role uses, by risk: read", func(f *report.Facts) {
		addClient(f, "two", "mint", "transfer:read_transfer_limit")
	}, []want{{"low scopes-unused client clients/two", "transfer:read_transfer_limit (read)", "# check",
		"from two-id"}}},
	{"scopes that no role uses, by risk: write", func(f *report.Facts) {
		addClient(f, "two", "mint", readScope, writeScope)
	}, []want{{"medium scopes-unused client clients/two", writeScope + " (write); " + readScope + " (read)",
		"# check", "from two-id"}}},
	{"scopes that no role uses, by risk: admin", func(f *report.Facts) {
		addClient(f, "two", "mint", adminScope)
	}, []want{{"high scopes-unused client clients/two", adminScope + " (admin)", "# check", "from two-id"}}},
	{"scopes that a client's entry says it holds where Paxos has not listed it", func(f *report.Facts) {
		addClient(f, "two", "mint").Scopes = []string{writeScope}
		f.List = report.List{}
	}, []want{
		{"medium scopes-unused client clients/two", writeScope + " (write)", "# check", "from two-id"},
		{"info never-compared report/drift", "", "vault read", ""},
	}},
	{"scopes that the engine uses itself", func(f *report.Facts) {
		addClient(f, "two", "mint", paxos.ProfileScope, paxos.ListScope)
	}, nil},
	{"scopes that a disabled role uses: read", func(f *report.Facts) {
		listed(f).Scopes = append(listed(f).Scopes, "transfer:read_transfer_limit")
		addRole(f, "off", "transfer:read_transfer_limit", readScope).Disabled = true
	}, []want{{"low scopes-of-disabled-roles client root", "transfer:read_transfer_limit (read)",
		"# check", "from root-id, or delete the roles"}}},
	{"scopes that a disabled role uses: money", func(f *report.Facts) {
		listed(f).Scopes = append(listed(f).Scopes, moneyScope)
		addRole(f, "off", moneyScope).Disabled = true
	}, []want{{"medium scopes-of-disabled-roles client root", moneyScope + " (moves-money)",
		"# check", "from root-id, or delete the roles"}}},
	{"two roles that move money with a client each", func(f *report.Facts) {
		listed(f).Scopes = append(listed(f).Scopes, moneyScope)
		addClient(f, "two", "mint", moneyScope)
		addRole(f, "pay-1", moneyScope)
		addRole(f, "pay-2", moneyScope).Client = "clients/two"
	}, []want{
		{"medium moves-money roles/pay-1", moneyScope, "# check", "vault patch paxos/roles/pay-1 disabled=true"},
		{"medium moves-money roles/pay-2", moneyScope, "# check", "vault patch paxos/roles/pay-2 disabled=true"},
	}},
	{"two roles that move money with one client", func(f *report.Facts) {
		listed(f).Scopes = append(listed(f).Scopes, moneyScope)
		addRole(f, "pay-2", moneyScope)
		addRole(f, "pay-1", moneyScope)
	}, []want{
		{"medium moves-money roles/pay-1", moneyScope, "# check", "vault patch paxos/roles/pay-1 disabled=true"},
		{"medium moves-money roles/pay-2", moneyScope, "# check", "vault patch paxos/roles/pay-2 disabled=true"},
		{"medium money-shared client root", "pay-1; pay-2", "# give each of these roles its own mount", ""},
	}},
}

// ofAllowLists are changes of the addresses that may use the root client.
var ofAllowLists = []deserving{
	{"no allow-list, risk admin", withAllowList(nil), []want{
		{"high no-allowlist client root", "client_id=root-id",
			"# list the addresses from which Vault and the readers of roles/reader call Paxos",
			"set Allowable IP of root-id to 192.0.2.0/24 and"},
	}},
	{"no allow-list, risk read", func(f *report.Facts) {
		addClient(f, "two", "standby", readScope)
		f.List.Credentials[1].IPAllowlist = []string{}
	}, []want{
		{"low scopes-unused client clients/two", readScope + " (read)", "# check", "from two-id"},
		{"medium no-allowlist client clients/two", "client_id=two-id", "Vault and no role of this mount call",
			"two-id"},
	}},
	{"no allow-list, risk moves-money", func(f *report.Facts) {
		addClient(f, "two", "mint", moneyScope)
		f.List.Credentials[1].IPAllowlist = nil
		addRole(f, "pay", moneyScope).Client = "clients/two"
	}, []want{
		{"high no-allowlist client clients/two", "client_id=two-id", "readers of roles/pay",
			"set Allowable IP of two-id"},
		{"medium moves-money roles/pay", moneyScope, "# check", "vault patch paxos/roles/pay disabled=true"},
	}},
	{"an allow-list of two halves of everything", withAllowList([]string{"128.0.0.0/1", "0.0.0.0/1"}), []want{
		{"high no-allowlist client root", "client_id=root-id; 128.0.0.0/1; 0.0.0.0/1", "# list", "root-id"},
	}},
	{"an allow-list that lacks addresses of Vault", withAllowList([]string{"192.0.2.0/25"}), []want{
		{"medium allowlist-short client root", "client_id=root-id; 192.0.2.0/25",
			"add to Allowable IP of root-id: 192.0.2.0/24", ""},
	}},
	{"an allow-list that covers Vault in parts", withAllowList([]string{"192.0.2.128/25", "192.0.2.0/25"}), nil},
	{"an allow-list that cannot be read", withAllowList([]string{"office"}), []want{
		{"medium allowlist-short client root", "client_id=root-id; office",
			"add to Allowable IP of root-id: 192.0.2.0/24", ""},
	}},
	{"no addresses of Vault", func(f *report.Facts) {
		f.Settings.EgressCIDRs = nil
		addClient(f, "two", "mint") // of both clients there is one finding
	}, []want{
		{"info egress-unknown config", "", "\nvault patch paxos/config 'egress_cidrs=<blocks>'", ""},
	}},
	{"no addresses of Vault and no allow-list", func(f *report.Facts) {
		f.Settings.EgressCIDRs = nil
		listed(f).IPAllowlist = nil
	}, []want{
		{"high no-allowlist client root", "client_id=root-id", "# list",
			"to the addresses that Vault calls from and"},
	}},
}

// withAllowList gives the root client an allow-list.
func withAllowList(list []string) func(*report.Facts) {
	return func(f *report.Facts) { listed(f).IPAllowlist = list }
}
