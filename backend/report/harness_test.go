package report_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/report"
)

// now is the time of every report of these tests.
var now = time.Date(2026, time.November, 1, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// Scopes of each risk, and one that the catalogue lacks.
const (
	readScope    = "transfer:read_transfer"
	writeScope   = "funding:write_profile"
	moneyScope   = "transfer:write_crypto_withdrawal"
	adminScope   = "api_creds:delete_credentials"
	unknownScope = "transfer:read_transfr"
)

// rootID is the Client ID of the root client of the tidy mount.
const rootID = "root-id"

// tidy are the facts of a mount that deserves no finding, apart from what is changed: one client, and
// one role that uses all that the client holds.
func tidy(changes ...func(*report.Facts)) *report.Facts {
	f := &report.Facts{
		Mount: "paxos/", Now: now,
		Settings: report.Settings{CredentialMaxAge: 90 * day, EgressCIDRs: []string{"192.0.2.0/24"},
			VerifyScope: paxos.ProfileScope, TokenBudget: 100},
		Guardrails: report.Guardrails{Forbids: func(string) bool { return false }, MaxTTL: time.Hour,
			DeletablePrefix: "vault-"},
		Clients: []report.Client{{Name: "root", ID: rootID, Since: now.Add(-day), Verified: true,
			Rotate: "config/rotate-root", EntityShown: true, LastIssued: now}},
		List: report.List{At: now, ListedAt: now, Credentials: []report.Credential{
			credential(rootID, readScope, paxos.ProfileScope, paxos.ListScope)}},
		Elsewhere: map[string]bool{},
		Pays: func(operation string) bool {
			return slices.Contains([]string{"CreateCryptoWithdrawal", "CreateFiatWithdrawal", "CreateFiatAccount",
				"UpdateFiatAccount"}, operation)
		},
	}
	addRole(f, "reader", readScope)
	for _, change := range changes {
		change(f)
	}
	prove(f)
	return f
}

// prove says that unsigned requests were refused of every client whose signing is enforced in Paxos's
// list, unless a test says what was tried.
func prove(f *report.Facts) {
	for i, c := range f.Clients {
		for _, listed := range f.List.Credentials {
			if listed.ClientID == c.ID && listed.Signing && c.Tried == (report.Enforcement{}) {
				f.Clients[i].Tried = tried(report.Enforced, now)
			}
		}
	}
}

// credential is one that Paxos lists, and that deserves no finding if the mount knows it.
func credential(id string, scopes ...string) report.Credential {
	return report.Credential{ClientID: id, Label: "label of " + id, CreatedAt: now.Add(-day),
		Attributes: report.Attributes{Status: paxos.StatusApproved, Scopes: append([]string{}, scopes...),
			IPAllowlist: []string{"192.0.2.0/24"}, Signing: true}}
}

// addRole adds a role of the root client that was read just now.
func addRole(f *report.Facts, name string, scopes ...string) *report.Role {
	f.Roles = append(f.Roles, report.Role{Name: name, Identity: name + " of May", Client: "root", Scopes: scopes,
		MintLimit: 12, TTL: time.Minute, MaxTTL: time.Hour, CreatedAt: now.Add(-100 * day), LastIssued: now})
	return &f.Roles[len(f.Roles)-1]
}

// addClient adds a client under clients/ that Paxos lists, and whose Client ID is the name with "-id".
func addClient(f *report.Facts, name, purpose string, scopes ...string) *report.Client {
	f.List.Credentials = append(f.List.Credentials, credential(name+"-id", scopes...))
	f.Clients = append(f.Clients, report.Client{Name: "clients/" + name, ID: name + "-id", Since: now.Add(-day),
		Verified: true, Rotate: "clients/" + name + "/rotate", Stored: true, Purpose: purpose, EntityShown: true})
	return &f.Clients[len(f.Clients)-1]
}

// addLeasingRole adds a role whose readers lease these clients.
func addLeasingRole(f *report.Facts, name string, clients ...string) *report.Role {
	r := addRole(f, name)
	r.LeasesClients, r.Client = true, ""
	for _, client := range clients {
		r.Clients = append(r.Clients, "clients/"+client)
	}
	return r
}

// addKey adds a key of a client, whose version 1 has a Key ID for it.
func addKey(f *report.Facts, name, client, clientID string) *report.Key {
	f.Keys = append(f.Keys, report.Key{Name: name, Client: client, ClientID: clientID, KeyID: name + "-kid", Latest: 1,
		Registered: map[string][]string{clientID: {name + "-kid"}}})
	return &f.Keys[len(f.Keys)-1]
}

// addSigner adds a signer that deserves no finding where its key's client has a role of readScope or
// moneyScope.
func addSigner(f *report.Facts, name, key string) *report.Signer {
	f.Guardrails.SignLimits = map[string]string{"USDC": "1000"}
	f.Guardrails.SignDailyLimits = map[string]string{"USDC": "5000"}
	f.Signers = append(f.Signers, report.Signer{Name: name, Identity: name + " of May", Key: key,
		Operations: []string{"CreateCryptoWithdrawal", "GetTransfer"}, Sources: []string{"profile-1"},
		Destinations: []string{"crypto:ETHEREUM:0xaa"}, Limits: map[string]string{"USDC": "100"},
		DailyLimits: map[string]string{"USDC": "500"}, CreatedAt: now.Add(-day)})
	return &f.Signers[len(f.Signers)-1]
}

// listed is the root client as Paxos lists it.
func listed(f *report.Facts) *report.Credential { return &f.List.Credentials[0] }

// found are all findings of both reports, those that no exception accepts and those on exceptions.
func found(f *report.Facts) []report.Finding {
	drift, privileges := report.Drift(f), report.LeastPrivilege(f)
	drift.Divided() // adds what it finds of exceptions
	return report.Merged(drift, privileges.Review)
}

// A want is a finding that facts deserve. Its fix and its suggestion are parts of those of the finding;
// where one is empty, that of the finding must be empty.
type want struct {
	title           string // severity, rule and subject
	evidence        string // all of it
	fix, suggestion string
}

// titles are severity, rule and subject of each finding.
func titles(findings []report.Finding) []string {
	list := make([]string, 0, len(findings))
	for _, f := range findings {
		list = append(list, fmt.Sprintf("%s %s %s", f.Severity, f.Rule, f.Subject))
	}
	return list
}

// differences says in what way findings are not as wanted.
func differences(findings []report.Finding, wanted []want) (problems []string) {
	var expected []string
	for _, w := range wanted {
		expected = append(expected, w.title)
	}
	if got := titles(findings); !slices.Equal(slices.Sorted(slices.Values(got)),
		slices.Sorted(slices.Values(expected))) {
		return []string{fmt.Sprintf("found are\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"),
			strings.Join(expected, "\n\t"))}
	}
	for i, title := range titles(findings) {
		f := findings[i]
		w := wanted[slices.Index(expected, title)]
		for _, text := range []struct{ what, got, want string }{
			{"fix", f.Fix, w.fix}, {"suggestion", f.Suggestion, w.suggestion},
		} {
			if !strings.Contains(text.got, text.want) || (text.got == "") != (text.want == "") {
				problems = append(problems,
					fmt.Sprintf("%s: the %s is %q, want %q", title, text.what, text.got, text.want))
			}
		}
		if got := strings.Join(f.Evidence, "; "); got != w.evidence {
			problems = append(problems, fmt.Sprintf("%s: the evidence is %q, want %q", title, got, w.evidence))
		}
		for line := range strings.Lines(f.Fix + "\n" + f.Suggestion) {
			if line != "\n" && !strings.HasPrefix(line, "# ") && !strings.HasPrefix(line, "vault ") {
				problems = append(problems, fmt.Sprintf("%s: %q is neither a command nor a comment", title, line))
			}
		}
		if f.Reason == "" {
			problems = append(problems, title+" gives no reason")
		}
	}
	return problems
}
