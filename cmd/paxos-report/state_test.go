package main

import (
	"encoding/json"
	"html"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// text is the text of a page, with one space between words.
func text(page string) string {
	_, body, _ := strings.Cut(page, "<body>")
	words := strings.Fields(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(body, " "))
	return html.UnescapeString(strings.Join(words, " "))
}

// expectText checks that a page says each of these.
func expectText(t *testing.T, page string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(text(page), want) {
			t.Errorf("the page does not say %q:\n%s", want, text(page))
		}
	}
}

// TestALockdownComesFirst checks where the page says that the mount is in lockdown, and with which details.
func TestALockdownComesFirst(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	if page, _ := h.report(settings{}); strings.Contains(page, "in lockdown") {
		t.Error("the page of a mount without a lockdown speaks of one")
	}
	h.must("lockdown", map[string]any{"reason": hostile})
	page, _ := h.report(settings{})
	since := regexp.MustCompile(`This mount has been in lockdown since <time>20\d\d-\d\d-\d\dT[0-9:]+Z</time>`)
	if at := since.FindStringIndex(page); at == nil || at[0] > strings.Index(page, `class="counts"`) {
		t.Error("the page does not begin with the lockdown")
	}
	expectText(t, page, "No tokens or clients are issued, and no requests are signed", "Reason "+hostile,
		"Tokens still to be revoked 0", "signatures of any signer from before this process started")
	if strings.Contains(page, "<script") {
		t.Error("the reason is not escaped")
	}
	h.deny("lockdown")
	page, _ = h.report(settings{})
	expectText(t, page, "This mount is in lockdown No tokens", "since when and why the mount is in lockdown: your Vault "+
		`token needs path "paxos/lockdown" { capabilities = ["read", "sudo"] }`)
	h.deny("status")
	page, _ = h.report(settings{})
	expectText(t, page, "This mount has been in lockdown since 20")
	h.deny("status", "lockdown")
	page, _ = h.report(settings{})
	expectText(t, page, "It is not known whether this mount is in lockdown")
}

// TestOwnersHoldersAndGuardrails reads what other paths than the reports say.
func TestOwnersHoldersAndGuardrails(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	_, secret, err := h.paxos.CreateCredential(paxostest.Credential{Nickname: "vendor", ClientID: "vendor-client",
		Scopes: []string{"funding:read_profile"}})
	if err != nil {
		t.Fatal(err)
	}
	h.must("clients/vendor-1", map[string]any{"purpose": "lease", "client_id": "vendor-client", "client_secret": secret,
		"scopes": "funding:read_profile", "allowed_roles": "vendor", "metadata": map[string]any{"company": "Ledgerly"}})
	h.must("roles/vendor", map[string]any{"credential_type": "client_credentials", "clients": "vendor-1",
		"metadata": map[string]any{"team": "procurement"}})
	h.must("roles/pay", map[string]any{"metadata": map[string]any{"team": hostile}})
	h.lease("vendor", hostile)
	h.must("config/guardrails", map[string]any{"allowed_scopes": "funding:*,transfer:*", "max_ttl": "90m",
		"allow_uncatalogued_scopes": false, "sign_limits": map[string]any{"USDC": "1000"},
		"sign_daily_limits": map[string]any{"USDC": "5000", "BTC": "2"}})
	page, _ := h.report(settings{refresh: true})
	expectText(t, page,
		"clients/vendor-1 vendor-client company : Ledgerly "+hostile+" through roles/vendor entity entity-1 since 20",
		"vendor team : procurement a client: clients/vendor-1", "team : "+hostile,
		"root root-client Vault only", "root-client root root APPROVED admin none enforced",
		"Scopes that may be issued funding:* transfer:*", "Scopes that manage API credentials refused",
		"Scopes that the engine does not know refused", "Longest lease 1h30m", "Clients of another Paxos Entity refused",
		"those whose Label begins with vault-", "BTC refused 2 (used: 0)", "USDC 1000 5000 (used: 0)", "paxos/ custom")
	if strings.Contains(page, "<script") || strings.Contains(page, "onerror=alert(1)>") {
		t.Error("a name or metadata is not escaped")
	}
	finding := regexp.MustCompile(`(?s)<b>roles/pay</b> <span class="tag"><bdi>team</bdi>`)
	if !finding.MatchString(page) {
		t.Error("the finding about a role does not name its owner")
	}
}

// TestExceptionsThatAcceptNothing has an exception for a finding that there is not.
func TestExceptionsThatAcceptNothing(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.must("exceptions/payers", map[string]any{"rule": "moves-money", "subject": "roles/pay", "reason": hostile,
		"expires_at": "30d"})
	if page, _ := h.report(settings{}); strings.Contains(page, "accept no finding now") {
		t.Error("an exception that accepts a finding is among those that do not")
	}
	h.must("roles/pay", map[string]any{"disabled": true})
	page, _ := h.report(settings{})
	expectText(t, page, "No finding is accepted.", "Exceptions that accept no finding now exception for reason by until "+
		"exceptions/payers roles/pay: moves-money "+hostile)
	var m mount
	if text, _ := h.report(settings{json: true}); json.Unmarshal([]byte(text), &m) != nil || len(m.Exceptions) != 1 ||
		m.Exceptions[0].Reason != hostile {
		t.Errorf("exceptions are %+v", m.Exceptions)
	}
}

// TestAnEmptyMount has no configuration.
func TestAnEmptyMount(t *testing.T) {
	t.Parallel()
	h := newBareHarness(t)
	page, code := h.report(settings{})
	if code != exitFine || strings.Contains(page, "Not on this page") {
		t.Errorf("code %d, page %s", code, text(page))
	}
	expectText(t, page, "not configured", "Compared with Paxos never", "This mount has no signers",
		"No access is available", "No role was read", "This mount stores no client",
		"Paxos was never asked for its list", "No finding is accepted")
}

// TestGaps denies each part that the report can do without.
func TestGaps(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for denied, want := range map[string]string{
		"report/drift": "credentials at Paxos, and what changed there: your Vault token needs path " +
			`"paxos/report/drift" { capabilities = ["read"] }`,
		"status":            `path "paxos/status" { capabilities = ["read"] }`,
		"lockdown":          `path "paxos/lockdown" { capabilities = ["read", "sudo"] }`,
		"config/guardrails": `path "paxos/config/guardrails" { capabilities = ["read", "sudo"] }`,
		"roles":             `path "paxos/roles/*" { capabilities = ["list", "read"] }`,
		"roles/":            `path "paxos/roles/*" { capabilities = ["list", "read"] }`,
		"exceptions":        `path "paxos/exceptions/*" { capabilities = ["list", "read", "sudo"] }`,
	} {
		h.deny(denied)
		page, code := h.report(settings{})
		if code != exitFine || strings.Count(page, "{ capabilities") != 1 {
			t.Errorf("without %s: code %d, gaps %d", denied, code, strings.Count(page, "{ capabilities"))
		}
		expectText(t, page, "Not on this page", want, "moves-money", "transfer:write_crypto_withdrawal")
	}
	h.deny("roles/pay") // one role of two
	page, _ := h.report(settings{})
	expectText(t, page, `path "paxos/roles/*"`, "watch none written a shared token")
	h.deny("status", "lockdown", "config/guardrails", "roles", "exceptions", "report/drift")
	page, _ = h.report(settings{})
	expectText(t, page, "signers/payouts", "USDC 100 500 (used: 0)", "Limits of signed payments are known from the report")
}

// TestAnotherAnswerThanDenied has a path that fails in another way.
func TestAnotherAnswerThanDenied(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.vault.SetMaxRetries(0)
	h.breakPath("config/guardrails", http.StatusInternalServerError)
	page, _ := h.report(settings{})
	expectText(t, page, "guardrails: broken on purpose", "The guardrails were not read")
	h.breakPath("config/guardrails", http.StatusNotFound)
	page, _ = h.report(settings{})
	expectText(t, page, "guardrails: reading paxos/config/guardrails: nothing is there")
}

// TestWhatIsRequired denies the report itself, and the findings that decide the exit code.
func TestWhatIsRequired(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for _, c := range []struct {
		denied string
		wanted settings
		want   []string
	}{
		{"report/", settings{mount: "paxos"}, []string{"permission denied", "Your Vault token must be valid",
			`path "paxos/report/least-privilege" { capabilities = ["read"] }`}},
		{"report/", settings{mount: "paxos", refresh: true}, []string{"permission denied", "report/least-privilege"}},
		{"report/drift", settings{mount: "paxos", failOn: "high"}, []string{"-fail-on needs all findings",
			`path "paxos/report/drift" { capabilities = ["read"] }`}},
		{"-", settings{mount: "elsewhere"}, []string{"nothing is there; check -mount"}},
	} {
		h.deny(c.denied)
		var out strings.Builder
		code, err := report(t.Context(), h.vault, c.wanted, atNoon, &out, io.Discard)
		if code != exitFailed || err == nil || out.Len() > 0 {
			t.Errorf("without %q: code %d, error %v, wrote %q", c.denied, code, err, out.String())
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("without %q the error does not say %q: %v", c.denied, want, err)
			}
		}
	}
}

// TestRefusedRefreshes checks that the last comparison is shown, with the reason that the engine gave first.
func TestRefusedRefreshes(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	refresh := func(what, reason, known string) {
		t.Helper()
		h.complaints.Reset()
		page, code := h.report(settings{refresh: true})
		if code != exitFine || !strings.Contains(h.complaints.String(), "-refresh was refused") ||
			!strings.Contains(h.complaints.String(), reason) {
			t.Errorf("%s: code %d, complaints %q", what, code, h.complaints.String())
		}
		expectText(t, page, "Not compared with Paxos now: ", reason, known)
	}
	h.paxos.FailAll(paxostest.TokenEndpoint, paxostest.Fault{Status: http.StatusServiceUnavailable})
	refresh("Paxos is down", "Paxos", "This page shows what is known without a comparison.")
	h.paxos.Heal()
	refresh("the last try was just now", "A refresh was attempted less than a minute ago",
		"This page shows what is known without a comparison.")
	other := newHarness(t)
	other.report(settings{refresh: true})
	other.must("lockdown", map[string]any{"reason": "a leak"})
	h = other
	h.paxos.FailAll(paxostest.TokenEndpoint, paxostest.Fault{Status: http.StatusServiceUnavailable})
	if _, code := h.report(settings{failOn: "high", refresh: true, json: true}); code != exitFindings {
		t.Errorf("with a finding of the last comparison: code %d", code)
	}
	var m mount
	text, _ := h.report(settings{refresh: true, json: true})
	if err := json.Unmarshal([]byte(text), &m); err != nil || m.ComparedAt == "" || len(m.Credentials) != 2 {
		t.Errorf("the last comparison is of %q, with %d credentials: %v", m.ComparedAt, len(m.Credentials), err)
	}
	if !m.Lockdown.Locked || m.Status.Environment != "custom" {
		t.Errorf("lockdown %+v, status %+v", m.Lockdown, m.Status)
	}
}
