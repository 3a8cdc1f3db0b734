package report_test

import (
	"time"

	"vault-plugin-secrets-paxos/backend/report"
)

// Parts of what is said of signing.
const (
	itselfCutOff = "Cut off until they sign: this mount itself, when it verifies, lists or deletes clients (no key of " +
		"this client has a Key ID)"
	moneyFix = "# check which Vault policies"
	payOff   = "vault patch paxos/roles/pay disabled=true"
)

// ofEnforcement are changes of whether Paxos enforces request signing.
var ofEnforcement = []deserving{
	{"signing that is not enforced for a client of risk write", func(f *report.Facts) {
		addClient(f, "two", "mint", writeScope)
		f.List.Credentials[1].Signing = false
		addRole(f, "team", writeScope).Client = "clients/two"
	}, []want{
		{"low signing-not-enforced client clients/two", "client_id=two-id",
			"\nvault write 'paxos/keys/<name>' client=two\n# let the readers of roles/team sign their requests, with " +
				"signers whose key is of this client (it has none yet)",
			"enforce Request Signing for two-id only when everybody who uses it signs, because Paxos then refuses " +
				"unsigned requests. " +
				itselfCutOff + "; the readers of roles/team"},
	}},
	{"signing that is not enforced for a client of risk admin", func(f *report.Facts) {
		listed(f).Signing = false
	}, []want{
		{"medium signing-not-enforced client root", "client_id=root-id", "\nvault write -f 'paxos/keys/<name>'\n",
			itselfCutOff + "; the readers of roles/reader"},
	}},
	{"signing that is not enforced for a client that moves money and that no role uses", func(f *report.Facts) {
		addClient(f, "two", "standby", moneyScope)
		f.List.Credentials[1].Signing = false
	}, []want{
		{"medium signing-not-enforced client clients/two", "client_id=two-id", "vault write 'paxos/keys/<name>' ",
			itselfCutOff},
		{"high scopes-unused client clients/two", moneyScope + " (moves-money)", "nothing outside this mount",
			"remove the scopes in evidence from two-id"},
	}},
	{"signing that was switched off", func(f *report.Facts) {
		before := listed(f).Attributes
		listed(f).Was, listed(f).Signing, listed(f).ChangedAt = &before, false, now
	}, []want{
		{"high signing-switched-off client root", "client_id=root-id; changed_at=2026-11-01T12:00:00Z",
			"# find out who switched it off, and why\n", itselfCutOff},
	}},
	{"signing that was switched on", func(f *report.Facts) {
		before := listed(f).Attributes
		before.Signing = false
		listed(f).Was = &before
	}, nil},
	{"signing that is not enforced for a client that roles pay with, and that has a key and a signer",
		func(f *report.Facts) {
			payingRoot(f)
			listed(f).Signing = false
			addKey(f, "payments", "root", rootID)
			addSigner(f, "payouts", "payments")
		}, []want{
			{"medium moves-money roles/pay", moneyScope, moneyFix, payOff},
			{"high signing-not-enforced client root", "client_id=root-id; roles/pay",
				"# let the readers of roles/pay, roles/reader sign their requests, with signers whose key is of this " +
					"client (now signers/payouts)", "Cut off until they sign: the readers of roles/pay, roles/reader"},
		}},
	{"signing that is not enforced for a client without callers whose key has a Key ID", func(f *report.Facts) {
		addClient(f, "two", "standby")
		f.List.Credentials[1].Signing = false
		addKey(f, "spare", "clients/two", "two-id")
	}, []want{
		{"low signing-not-enforced client clients/two", "client_id=two-id", "",
			"Cut off until they sign: nobody that this mount knows of"},
	}},
	{"signing that is not enforced for a client whose key waits for its Key ID", func(f *report.Facts) {
		listed(f).Signing = false
		addKey(f, "payments", "root", rootID).KeyID = ""
	}, []want{
		{"medium signing-not-enforced client root", "client_id=root-id",
			"# register the public key of keys/payments and store its Key ID", itselfCutOff},
		{"medium key-not-registered keys/payments", "client=root; client_id=root-id", "vault read", ""},
	}},
	{"signing of a client that roles pay with, before any list", func(f *report.Facts) {
		payingRoot(f)
		f.List = report.List{}
	}, []want{
		{"info never-compared report/drift", "", "vault read", ""},
		{"medium moves-money roles/pay", moneyScope, moneyFix, payOff},
		{"high signing-not-enforced client root", "client_id=root-id; enforcement=unknown; roles/pay",
			"vault write paxos/probe check_signing=true\n# create a key", itselfCutOff},
	}},
	{"signing of a client that roles pay with, in a list without the last credentials", func(f *report.Facts) {
		payingRoot(f)
		f.List.Credentials, f.List.Left = nil, 1
	}, []want{
		{"low list-too-long credentials", "", "", "delete the credentials that nobody owns"},
		{"medium moves-money roles/pay", moneyScope, moneyFix, payOff},
		{"high signing-not-enforced client root", "client_id=root-id; enforcement=unknown; roles/pay",
			"vault write paxos/probe check_signing=true\n", itselfCutOff},
	}},
	{"signing that only the list says is enforced", func(f *report.Facts) {
		payingRoot(f)
		addClient(f, "two", "mint", moneyScope)
		addRole(f, "team", moneyScope).Client = "clients/two"
		for i := range f.Clients {
			f.Clients[i].Tried.State = report.EnforcementUnknown
		}
	}, []want{
		{"medium moves-money roles/pay", moneyScope, moneyFix, payOff},
		{"medium moves-money roles/team", moneyScope, moneyFix, "vault patch paxos/roles/team disabled=true"},
		{"medium signing-not-proved client root", "client_id=root-id; roles/pay",
			"vault write paxos/probe check_signing=true", ""},
		{"medium signing-not-proved client clients/two", "client_id=two-id; roles/team",
			"vault write paxos/probe check_signing=true client=two", ""},
	}},
	{"signing that only the list says is enforced, of clients that pay nothing or are leased", func(f *report.Facts) {
		addClient(f, "two", "lease", moneyScope)
		addLeasingRole(f, "vendor", "two")
		for i := range f.Clients {
			f.Clients[i].Tried.State = report.EnforcementUnknown
		}
	}, []want{
		{"medium leases-money roles/vendor", moneyScope + " (moves-money)", "credential_type=access_token",
			"vault patch paxos/roles/vendor disabled=true"},
	}},
	{"signing of a leased client that pays, before any list", func(f *report.Facts) {
		addClient(f, "two", "lease").Scopes = []string{moneyScope}
		addLeasingRole(f, "vendor", "two")
		f.List = report.List{}
	}, []want{
		{"info never-compared report/drift", "", "vault read", ""},
		{"medium leases-money roles/vendor", moneyScope + " (moves-money)", "credential_type=access_token",
			"vault patch paxos/roles/vendor disabled=true"},
		{"high signing-not-enforced client clients/two", "client_id=two-id; enforcement=unknown; roles/vendor",
			"vault read paxos/report/drift refresh=true\n# create a key", itselfCutOff + "; the readers of roles/vendor"},
	}},
	{"signing that an unsigned request has shown, before any list", func(f *report.Facts) {
		payingRoot(f)
		f.List = report.List{}
		f.Clients[0].Tried = tried(report.Enforced, now)
	}, []want{
		{"info never-compared report/drift", "", "vault read", ""},
		{"medium moves-money roles/pay", moneyScope, moneyFix, payOff},
	}},
	{"signing that an unsigned request has shown, and that the list does not know", func(f *report.Facts) {
		payingRoot(f)
		listed(f).Signing = false // Paxos may enforce it for an operation, and not for a client
		f.Clients[0].Tried = tried(report.Enforced, now.Add(-day))
	}, []want{{"medium moves-money roles/pay", moneyScope, moneyFix, payOff}}},
	{"signing that an unsigned request has shown a week ago, and that the list does not know", func(f *report.Facts) {
		payingRoot(f)
		listed(f).Signing = false
		f.Clients[0].Tried = tried(report.Enforced, now.Add(-7*day))
	}, []want{{"medium moves-money roles/pay", moneyScope, moneyFix, payOff}}},
	{"signing that an unsigned request has shown longer ago, and that the list does not know", func(f *report.Facts) {
		payingRoot(f)
		listed(f).Signing = false // perhaps since the request: the list does not tell any more
		f.Clients[0].Tried = tried(report.Enforced, now.Add(-7*day-time.Second))
	}, []want{
		{"medium moves-money roles/pay", moneyScope, moneyFix, payOff},
		{"high signing-not-enforced client root", "client_id=root-id; roles/pay",
			"vault write paxos/probe check_signing=true\n", itselfCutOff},
	}},
	{"signing that an unsigned request has shown long ago, and that the list knows", func(f *report.Facts) {
		payingRoot(f)
		f.Clients[0].Tried = tried(report.Enforced, now.Add(-100*day))
	}, []want{{"medium moves-money roles/pay", moneyScope, moneyFix, payOff}}},
	{"signing that was switched off after an unsigned request has shown it", func(f *report.Facts) {
		payingRoot(f)
		before := listed(f).Attributes
		listed(f).Was, listed(f).Signing, listed(f).ChangedAt = &before, false, now.Add(-time.Hour)
		f.Clients[0].Tried = tried(report.Enforced, now.Add(-day))
	}, []want{
		{"medium moves-money roles/pay", moneyScope, moneyFix, payOff},
		{"high signing-switched-off client root", "client_id=root-id; changed_at=2026-11-01T11:00:00Z",
			"# find out who", itselfCutOff},
	}},
	{"signing that the list claims, and an unsigned request has refuted", func(f *report.Facts) {
		payingRoot(f)
		f.Clients[0].Tried = tried(report.NotEnforced, now.Add(-day))
	}, []want{
		{"medium moves-money roles/pay", moneyScope, moneyFix, payOff},
		{"high signing-not-enforced client root", "client_id=root-id; roles/pay", "vault write -f", itselfCutOff},
	}},
	{"signing of a client that is leased and moves money", func(f *report.Facts) {
		addClient(f, "two", "lease", moneyScope)
		f.List.Credentials[1].Signing = false
		addLeasingRole(f, "vendor", "two")
	}, []want{
		{"medium leases-money roles/vendor", moneyScope + " (moves-money)", "credential_type=access_token",
			"vault patch paxos/roles/vendor disabled=true"},
		{"high signing-not-enforced client clients/two", "client_id=two-id; roles/vendor", "client=two",
			itselfCutOff + "; the readers of roles/vendor"},
	}},
	{"signing of a client whose only role that could pay is disabled or forbidden", func(f *report.Facts) {
		payingRoot(f)
		f.Roles[1].Disabled = true
		addClient(f, "two", "mint", moneyScope)
		addRole(f, "team", moneyScope).Client = "clients/two"
		forbid(f, moneyScope)
		f.List.Credentials[0].Signing, f.List.Credentials[1].Signing = false, false
	}, []want{
		{"medium scopes-of-disabled-roles client root", moneyScope + " (moves-money)", "# check", "root-id"},
		{"medium beyond-guardrails roles/team", moneyScope + " (moves-money)", "",
			"vault patch paxos/roles/team disabled=true"},
		{"medium signing-not-enforced client root", "client_id=root-id", "vault write -f", itselfCutOff},
		{"medium signing-not-enforced client clients/two", "client_id=two-id", "client=two", itselfCutOff},
	}},
}

// payingRoot adds a role that pays with the root client.
func payingRoot(f *report.Facts) {
	hold(f, moneyScope)
	addRole(f, "pay", moneyScope)
}

// tried is what an unsigned request has shown.
func tried(state string, at time.Time) report.Enforcement {
	return report.Enforcement{State: state, At: at, Evidence: report.ByRequest}
}
