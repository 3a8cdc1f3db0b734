package report_test

import (
	"fmt"
	"slices"
	"testing"

	"vault-plugin-secrets-paxos/backend/report"
)

// signing adds a signer of the root client, and changes it.
func signing(change func(*report.Facts, *report.Signer)) func(*report.Facts) {
	return func(f *report.Facts) {
		addKey(f, "payments", "root", rootID)
		change(f, addSigner(f, "payouts", "payments"))
	}
}

// dangerously is a signer with a dangerous option, and what to set instead.
func dangerously(option, severity, named, instead string) deserving {
	return deserving{"a signer with " + option, signing(func(_ *report.Facts, s *report.Signer) {
		s.Dangers = []string{option + ": it weakens something"}
		s.UnlimitedOperations, s.ExtraFields = []string{"CreateOrder", "AffirmTransaction"}, []string{"new_field"}
	}), []want{{severity + " dangerous-option signers/payouts", option + named, "",
		"vault patch paxos/signers/payouts " + instead}}}
}

// ofSigners are changes of what applications may have signed.
var ofSigners = []deserving{
	{"a tidy signer", signing(func(*report.Facts, *report.Signer) {}), nil},
	dangerously("sources=*", "medium", "", "'sources=<profile ids>'"),
	dangerously("destinations=*", "high", "", "'destinations=<destinations>'"),
	dangerously("end_users=*", "medium", "", "'end_users=<identity and account ids>'"),
	dangerously("unlimited_operations", "medium", "; AffirmTransaction; CreateOrder", "unlimited_operations="),
	dangerously("extra_fields", "medium", "; new_field", "extra_fields="),
	{"a signer that is disabled", signing(func(f *report.Facts, s *report.Signer) {
		s.Disabled, s.Dangers, s.DailyLimits = true, []string{"destinations=*: everybody"}, nil
		f.Guardrails.SignLimits, f.Guardrails.SignDailyLimits = nil, nil
	}), []want{
		{"info signer-disabled signers/payouts", "", "# ask the signer's owner", "vault delete paxos/signers/payouts"},
	}},
	{"a signer whose key does not exist", func(f *report.Facts) { addSigner(f, "payouts", "gone") }, []want{
		{"medium signer-without-key signers/payouts", "key=gone", "\nvault write paxos/keys/gone 'client=<client>'", ""},
	}},
	{"a signer whose key cannot be read", func(f *report.Facts) {
		addSigner(f, "payouts", "broken")
		f.UnreadableKeys = []string{"broken"}
	}, []want{{"medium entry-unreadable keys/broken", "", "# upgrade the plugin", ""}}},
	{"a signer of a client without a role", func(f *report.Facts) {
		addClient(f, "two", "mint")
		addRole(f, "off", readScope).Client = "clients/two"
		f.Roles[1].Disabled = true
		addKey(f, "payments", "clients/two", "two-id")
		addSigner(f, "payouts", "payments")
	}, []want{
		{"low signer-without-role signers/payouts", "key=payments; client=clients/two", "# ask the signer's owner which role",
			"vault patch paxos/signers/payouts disabled=true"},
	}},
	{"a signer of a client whose role opens none of its operations", func(f *report.Facts) {
		addClient(f, "two", "mint", writeScope)
		addRole(f, "team", writeScope).Client = "clients/two"
		addKey(f, "payments", "clients/two", "two-id")
		addSigner(f, "payouts", "payments")
	}, []want{
		{"low signer-without-role signers/payouts", "key=payments; client=clients/two", "# ask the signer's owner which role",
			"vault patch paxos/signers/payouts disabled=true"},
	}},
	{"a signer of a leased client of which nothing is known", func(f *report.Facts) {
		addClient(f, "two", "lease")
		f.List.Credentials, f.List.Left = f.List.Credentials[:1], 1
		addLeasingRole(f, "vendor", "two")
		addKey(f, "payments", "clients/two", "two-id")
		addSigner(f, "payouts", "payments")
	}, []want{{"low list-too-long credentials", "", "", "delete the credentials that nobody owns"}}},
	{"a signer of a client that is leased", func(f *report.Facts) {
		addClient(f, "two", "lease", readScope)
		addLeasingRole(f, "vendor", "two")
		addKey(f, "payments", "clients/two", "two-id")
		addSigner(f, "payouts", "payments")
	}, nil},
	{"a signer without daily limits, where the guardrails have some", signing(func(_ *report.Facts, s *report.Signer) {
		s.Limits = map[string]string{"USDC": "100", "USD": "50", "BTC": "1"}
		s.DailyLimits = map[string]string{"USD": "70"}
	}), []want{
		{"info signer-without-daily-limit signers/payouts", "BTC; USDC", "# ask the signer's owner how much",
			"vault patch paxos/signers/payouts 'daily_limits=BTC=<amount>' daily_limits=USD=70 " +
				"'daily_limits=USDC=<amount>'"},
	}},
	{"a signer without daily limits, and guardrails without any", signing(func(f *report.Facts, s *report.Signer) {
		s.DailyLimits, f.Guardrails.SignDailyLimits = nil, nil
	}), []want{
		{"low signer-without-daily-limit signers/payouts", "USDC", "# ask the signer's owner how much",
			"vault patch paxos/signers/payouts 'daily_limits=USDC=<amount>'"},
		{"info sign-limits-not-set config/guardrails", "sign_daily_limits", "# decide with the treasury",
			"\nvault patch paxos/config/guardrails 'sign_daily_limits=<asset>=<amount>'"},
	}},
	{"guardrails without limits for signatures", signing(func(f *report.Facts, _ *report.Signer) {
		f.Guardrails.SignLimits, f.Guardrails.SignDailyLimits = nil, nil
	}), []want{
		{"info sign-limits-not-set config/guardrails", "sign_limits; sign_daily_limits", "# decide with the treasury",
			"\nvault patch paxos/config/guardrails 'sign_limits=<asset>=<amount>' 'sign_daily_limits=<asset>=<amount>'"},
	}},
	{"a signer that cannot be read", func(f *report.Facts) { f.UnreadableSigners = []string{"broken"} }, []want{
		{"medium entry-unreadable signers/broken", "", "# upgrade the plugin", "vault delete paxos/signers/broken"},
	}},
}

// TestAnAcceptedSignerIsAcceptedAsItWas accepts a dangerous option of a signer, and changes the signer.
func TestAnAcceptedSignerIsAcceptedAsItWas(t *testing.T) {
	t.Parallel()
	dangerous := signing(func(_ *report.Facts, s *report.Signer) {
		s.Dangers = []string{"destinations=*: everybody"}
	})
	for name, test := range map[string]struct {
		change func(*report.Signer)
		open   bool
	}{
		"nothing changes":           {func(*report.Signer) {}, false},
		"other metadata":            {func(s *report.Signer) { s.Metadata = map[string]string{"team": "x"} }, false},
		"made again under its name": {func(s *report.Signer) { s.Identity = "payouts of June" }, true},
		"another key":               {func(s *report.Signer) { s.Key = "other" }, true},
		"more operations":           {func(s *report.Signer) { s.Operations = append(s.Operations, "CreateOrder") }, true},
		"another source":            {func(s *report.Signer) { s.Sources = []string{"profile-2"} }, true},
		"another end user":          {func(s *report.Signer) { s.EndUsers = []string{"x"} }, true},
		"a higher limit":            {func(s *report.Signer) { s.Limits = map[string]string{"USDC": "101"} }, true},
		"a higher daily limit":      {func(s *report.Signer) { s.DailyLimits = map[string]string{"USDC": "501"} }, true},
	} {
		f := tidy(dangerous)
		accept(f)
		test.change(&f.Signers[0])
		open, _ := report.LeastPrivilege(f).Divided()
		if got := slices.Contains(titles(open), "high dangerous-option signers/payouts"); got != test.open {
			t.Errorf("%s: open is %t", name, got)
		}
	}
}

// TestSignersAreShownWithWhomTheySignFor shows a signer of each kind of client.
func TestSignersAreShownWithWhomTheySignFor(t *testing.T) {
	t.Parallel()
	f := tidy(func(f *report.Facts) {
		addClient(f, "two", "mint")
		f.List.Credentials[1].Signing = false
		addKey(f, "payments", "root", rootID)
		addKey(f, "others", "clients/two", "two-id").KeyID = ""
		s := addSigner(f, "all", "payments")
		s.EndUsers, s.UnlimitedOperations, s.ExtraFields = []string{"u"}, []string{"CreateOrder"}, []string{"new"}
		s.Metadata, s.Dangers = map[string]string{"team": "treasury"}, []string{"extra_fields: unknown"}
		addSigner(f, "other", "others").Disabled = true
		addSigner(f, "stray", "gone")
	})
	shown := report.LeastPrivilege(f).ShownSigners()
	for i, want := range []string{
		"all payments root root-id payments-kid [roles/reader] [CreateCryptoWithdrawal GetTransfer] [profile-1] " +
			"[crypto:ETHEREUM:0xaa] [u] map[USDC:100] map[USDC:500] map[] [CreateOrder] [new] [extra_fields: unknown] false " +
			"map[team:treasury] 2026-10-31T12:00:00Z enforced 2026-11-01T12:00:00Z request",
		"other others clients/two two-id  [] [CreateCryptoWithdrawal GetTransfer] [profile-1] [crypto:ETHEREUM:0xaa] [] " +
			"map[USDC:100] map[USDC:500] map[] [] [] [] true map[] 2026-10-31T12:00:00Z not_enforced 2026-11-01T12:00:00Z list",
		"stray gone    [] [CreateCryptoWithdrawal GetTransfer] [profile-1] [crypto:ETHEREUM:0xaa] [] " +
			"map[USDC:100] map[USDC:500] map[] [] [] [] false map[] 2026-10-31T12:00:00Z unknown  ",
	} {
		s := shown[i].(map[string]any)
		got := ""
		for _, field := range []string{"name", "key", "client", "client_id", "kid", "roles", "operations", "sources",
			"destinations", "end_users", "limits", "daily_limits", "daily_usage", "unlimited_operations", "extra_fields",
			"dangerous_options", "disabled", "metadata", "created_at", "signing", "signing_seen_at", "signing_evidence"} {
			got += fmt.Sprint(" ", s[field])
		}
		if got != " "+want || len(s) != 22 {
			t.Errorf("shown is %s, want %s; %d fields", got, want, len(s))
		}
	}
	if one, daily := report.LeastPrivilege(f).ShownLimits(); fmt.Sprint(one, daily) != "map[USDC:1000] map[USDC:5000]" {
		t.Errorf("the guardrails' limits are %v and %v", one, daily)
	}
}
