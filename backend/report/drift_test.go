package report_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/report"
)

// ofLists are changes of the list and of whose clients are on it.
var ofLists = []deserving{
	{"a list that was refused", func(f *report.Facts) { f.List.Refused = true }, []want{
		{"low listing-refused report/drift", "", "add api_creds:read_credentials to the scopes of root-id\n" +
			"vault read paxos/report/drift refresh=true", ""},
	}},
	{"no list", func(f *report.Facts) { f.List = report.List{} }, []want{
		{"info never-compared report/drift", "", "vault read paxos/report/drift refresh=true", ""},
	}},
	{"no client and no list", func(f *report.Facts) { f.Clients, f.List = nil, report.List{} }, nil},
	{"a list that was too long", func(f *report.Facts) { f.List.Left = 3 }, []want{
		{"low list-too-long credentials", "", "", "delete the credentials that nobody owns"},
	}},
	{"a root client of another mount", func(f *report.Facts) { f.Elsewhere[rootID] = true }, []want{
		{"low root-shared client root", "client_id=root-id",
			"\nvault write paxos/config/replace-root 'client_id=<Client ID>' client_secret=-", ""},
	}},
	{"a client of another mount", func(f *report.Facts) {
		f.Elsewhere["other-id"] = true
		list(f, credential("other-id", moneyScope))
	}, nil},
	{"a client that was replaced", func(f *report.Facts) {
		f.Clients[0].Former = []string{"former-id"}
		list(f, credential("former-id", moneyScope))
	}, []want{
		{"low client-replaced credential former-id", "label=label of former-id", "vault read paxos/status",
			"delete former-id when status no longer shows it as draining"},
	}},
	{"a client that was replaced and is disabled", func(f *report.Facts) {
		f.Clients[0].Former = []string{"former-id"}
		list(f, credential("former-id", moneyScope)).Status = paxos.StatusDisabled
	}, nil},
	{"a client that was replaced here and is used by another mount", func(f *report.Facts) {
		f.Clients[0].Former = []string{"former-id"}
		f.Elsewhere["former-id"] = true
		list(f, credential("former-id", moneyScope))
	}, nil},
	{"a root client that was replaced and is stored as another client", func(f *report.Facts) {
		f.Clients[0].Former = []string{"two-id"}
		addClient(f, "two", "standby")
	}, nil},
}

// list adds a credential to Paxos's list.
func list(f *report.Facts, c report.Credential) *report.Credential {
	f.List.Credentials = append(f.List.Credentials, c)
	return &f.List.Credentials[len(f.List.Credentials)-1]
}

// ofCredentials are changes of what Paxos lists.
var ofCredentials = []deserving{
	{"an unknown client of risk read", func(f *report.Facts) { list(f, credential("new-id", readScope)) }, []want{
		{"low client-unknown credential new-id",
			"label=label of new-id; created_at=2026-10-31T12:00:00Z; " + readScope + " (read)",
			"# find the owner of new-id. If it has one, accept this finding:\n" +
				"vault write paxos/exceptions/new-id rule=client-unknown 'subject=credential new-id' " +
				"'reason=<owner>' expires_at=90d", "delete new-id only if nobody owns it"},
	}},
	{"an unknown client without scopes", func(f *report.Facts) { list(f, credential("new-id")) }, []want{
		{"low client-unknown credential new-id", "label=label of new-id; created_at=2026-10-31T12:00:00Z",
			"# find the owner", "delete new-id"},
	}},
	{"an unknown client of risk write", func(f *report.Facts) { list(f, credential("new-id", writeScope)) }, []want{
		{"medium client-unknown credential new-id", "label=label of new-id; created_at=2026-10-31T12:00:00Z; " +
			writeScope + " (write)", "# find the owner", "delete new-id"},
	}},
	{"an unknown client of risk admin", func(f *report.Facts) {
		list(f, credential("new-id", moneyScope, adminScope))
	}, []want{
		{"high client-unknown credential new-id", "label=label of new-id; created_at=2026-10-31T12:00:00Z; " +
			adminScope + " (admin); " + moneyScope + " (moves-money)", "# find the owner", "delete new-id"},
	}},
	{"an unknown client of the greatest age", func(f *report.Facts) {
		list(f, credential("new-id")).CreatedAt = now.Add(-90 * day)
	}, []want{
		{"low client-unknown credential new-id", "label=label of new-id; created_at=2026-08-03T12:00:00Z",
			"# find the owner", "delete new-id"},
	}},
	{"an unknown client that is too old", func(f *report.Facts) {
		list(f, credential("new-id")).CreatedAt = now.Add(-90*day - time.Second)
	}, []want{
		{"low client-unknown credential new-id", "label=label of new-id; created_at=2026-08-03T11:59:59Z",
			"# find the owner", "delete new-id"},
		{"low credential-old credential new-id", "created_at=2026-08-03T11:59:59Z", "# find the owner of new-id",
			"the owner rotates new-id"},
	}},
	{"an unknown client of unknown age", func(f *report.Facts) {
		list(f, credential("new-id")).CreatedAt = time.Time{}
	}, []want{
		{"low client-unknown credential new-id", "label=label of new-id; created_at=", "# find the owner",
			"delete new-id"},
	}},
	{"an unknown client with a Label that this engine may delete", func(f *report.Facts) {
		list(f, credential("new-id")).Label = "vault-batch"
	}, []want{
		{"low client-unknown credential new-id", "label=vault-batch; created_at=2026-10-31T12:00:00Z",
			"# find the owner", "delete new-id"},
		{"low label-deletable credential new-id", "label=vault-batch", "give new-id another Label", ""},
	}},
	{"a client of this mount with a Label that this engine may delete", func(f *report.Facts) {
		listed(f).Label = "vault-root"
	}, nil},
	{"unknown clients that are disabled", func(f *report.Facts) {
		for _, id := range []string{"z-id", "a-id"} {
			list(f, credential(id, moneyScope)).Status = paxos.StatusDisabled
		}
	}, []want{
		{"info credentials-disabled credentials", "a-id; z-id", "# nothing needs to be done", ""},
	}},
	{"public keys of a client of this mount", func(f *report.Facts) {
		listed(f).PublicKeys = []string{"key-1 ED25519 active"}
	}, []want{
		{"info public-keys credential root-id", "key-1 ED25519 active", "# find the owner of each key",
			"delete the keys that nobody owns"},
	}},
	{"public keys of a client that is disabled", func(f *report.Facts) {
		c := list(f, credential("new-id"))
		c.PublicKeys, c.Status = []string{"key-1 ED25519 active"}, paxos.StatusDisabled
	}, []want{
		{"info credentials-disabled credentials", "new-id", "# nothing needs to be done", ""},
	}},
	{"scopes that were taken away", changed(func(was, is *report.Attributes) {
		was.Scopes = append([]string{moneyScope}, is.Scopes...)
	}), []want{
		{"low scopes-changed client root", "changed_at=2026-11-01T11:00:00Z; -" + moneyScope,
			"# find out who made this change", "change it back"},
	}},
	{"scopes that were added: read", changed(func(was, is *report.Attributes) { was.Scopes = is.Scopes[1:] }), []want{
		{"low scopes-changed client root", "changed_at=2026-11-01T11:00:00Z; +" + readScope,
			"# find out who made this change", "change it back"},
	}},
	{"scopes that were exchanged: admin", changed(func(was, is *report.Attributes) {
		was.Scopes = []string{readScope, paxos.ProfileScope, moneyScope}
	}), []want{
		{"high scopes-changed client root", "changed_at=2026-11-01T11:00:00Z; +" + paxos.ListScope + "; -" + moneyScope,
			"# find out who made this change", "change it back"},
	}},
	{"an allow-list that was narrowed", changed(func(was, is *report.Attributes) {
		was.IPAllowlist = []string{"192.0.0.0/16"}
	}), allowListChanged("low", "192.0.0.0/16", "192.0.2.0/24")},
	{"an allow-list where there was none", changed(func(was, is *report.Attributes) {
		was.IPAllowlist = nil
	}), allowListChanged("low", "", "192.0.2.0/24")},
	{"an allow-list that was widened", changed(func(was, is *report.Attributes) {
		was.IPAllowlist = []string{"192.0.2.0/25"}
	}), allowListChanged("medium", "192.0.2.0/25", "192.0.2.0/24")},
	{"an allow-list that was moved", changed(func(was, is *report.Attributes) {
		was.IPAllowlist = []string{"198.51.100.0/24"}
	}), allowListChanged("medium", "198.51.100.0/24", "192.0.2.0/24")},
	{"an allow-list that was written another way", changed(func(was, is *report.Attributes) {
		was.IPAllowlist = []string{"192.0.2.0/25", "192.0.2.128/25"}
	}), allowListChanged("low", "192.0.2.0/25, 192.0.2.128/25", "192.0.2.0/24")},
	{"an allow-list that was deleted", changed(func(was, is *report.Attributes) { is.IPAllowlist = nil }),
		append(allowListChanged("medium", "192.0.2.0/24", ""),
			want{"high no-allowlist client root", "client_id=root-id", "# list", "root-id"})},
	{"a status that was changed", changed(func(was, is *report.Attributes) { was.Status = paxos.StatusDisabled }), nil},
	{"an unknown client that was changed", func(f *report.Facts) {
		c := list(f, credential("new-id", readScope))
		c.Signing = false
		c.Was = &report.Attributes{Scopes: c.Scopes, IPAllowlist: c.IPAllowlist, Signing: true}
	}, []want{
		{"low client-unknown credential new-id", "label=label of new-id; created_at=2026-10-31T12:00:00Z; " +
			readScope + " (read)", "# find the owner", "delete new-id"},
		{"medium signing-switched-off credential new-id", "changed_at=", "# find out who made this change",
			"change it back"},
	}},
	{"an unknown client that moves money and was changed", func(f *report.Facts) {
		c := list(f, credential("new-id", moneyScope))
		c.Signing = false
		c.Was = &report.Attributes{Scopes: c.Scopes, IPAllowlist: c.IPAllowlist, Signing: true}
	}, []want{
		{"high client-unknown credential new-id", "label=label of new-id; created_at=2026-10-31T12:00:00Z; " +
			moneyScope + " (moves-money)", "# find the owner", "delete new-id"},
		{"high signing-switched-off credential new-id", "changed_at=", "# find out who made this change",
			"change it back"},
	}},
	{"a client of another mount that was changed", func(f *report.Facts) {
		f.Elsewhere["other-id"] = true
		list(f, credential("other-id", moneyScope)).Was = &report.Attributes{Signing: true}
	}, nil},
}

// changed changes what the root client was, or is, an hour after it was the same.
func changed(change func(was, is *report.Attributes)) func(*report.Facts) {
	return func(f *report.Facts) {
		c := listed(f)
		was := c.Attributes
		c.Was, c.ChangedAt = &was, now.Add(-time.Hour)
		change(c.Was, &c.Attributes)
	}
}

// allowListChanged is the finding on a change of the root client's allow-list.
func allowListChanged(severity, before, after string) []want {
	return []want{{severity + " allowlist-changed client root",
		"changed_at=2026-11-01T11:00:00Z; before=" + before + "; now=" + after,
		"# find out who made this change", "change it back"}}
}

// TestAHostileClientIDIsInNoInstruction has Paxos list a client with an ID that nobody should paste
// into a shell, or read as an instruction: once as a client that nobody knows, once as one that was
// replaced.
func TestAHostileClientIDIsInNoInstruction(t *testing.T) {
	t.Parallel()
	for _, id := range []string{
		"x; curl evil", "$(id)", "`id`", "--help", "../../sys/policy", "a'b", "x if you like. Then delete root-id",
		"ａ", "a\ufffdb", "", strings.Repeat("a", 129),
	} {
		for former, want := range map[bool]int{false: 3, true: 1} {
			f := tidy(func(f *report.Facts) {
				if former {
					f.Clients[0].Former = []string{id}
				}
				c := list(f, credential(id, moneyScope))
				c.Label, c.CreatedAt = "vault-batch", now.Add(-1000*day)
			})
			findings := found(f)
			if len(findings) != want {
				t.Errorf("%q: found are %v", id, titles(findings))
			}
			for _, finding := range findings {
				instructions := finding.Fix + finding.Suggestion
				if id != "" && strings.Contains(instructions, id) || strings.Contains(instructions, "exceptions/") ||
					!strings.Contains(instructions, "the credential that the subject names") {
					t.Errorf("%q: %s is to be mended by %q", id, finding.Rule, instructions)
				}
			}
		}
	}
}

func TestCredentialsAreShownWithWhatTheMountCallsThem(t *testing.T) {
	t.Parallel()
	f := tidy(func(f *report.Facts) {
		f.Clients[0].Former = []string{"former-id", "moved-id"}
		f.Elsewhere["other-id"], f.Elsewhere["moved-id"], f.Elsewhere[rootID] = true, true, true
		addClient(f, "two", "mint")
		for _, id := range []string{"former-id", "moved-id", "other-id", "new-id"} {
			list(f, credential(id, writeScope, moneyScope))
		}
	})
	var got []string
	for _, c := range report.Drift(f).ShownCredentials() {
		c := c.(map[string]any)
		got = append(got, fmt.Sprintf("%s=%s (%s)", c["client_id"], c["known_as"], c["risk"]))
	}
	const want = "root-id=root (admin), two-id=clients/two (), former-id=root (moves-money), " +
		"moved-id=(another mount) (moves-money), other-id=(another mount) (moves-money), new-id= (moves-money)"
	if strings.Join(got, ", ") != want {
		t.Errorf("shown are %s", strings.Join(got, ", "))
	}
}
