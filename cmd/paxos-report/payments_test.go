package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// paying is a mount with a signer of every kind.
func paying() *mount {
	enforced := enforcement{Signing: "enforced", SeenAt: "AT", Evidence: "request"}
	return &mount{
		Signers: []signer{
			{Name: "assets", Client: "root", Key: "pay-key", KeyID: "kid", Roles: []string{"roles/pay"},
				Sources:      []string{"p-1"},
				Operations:   []string{"CreateCryptoWithdrawal", "CreateOrder", "GetTransfer"},
				Destinations: []string{"fiat:f-1"}, EndUsers: []string{"*"},
				Limits:      map[string]string{"USDC": "10.50", "BTC": "1", "ETH": "2"},
				DailyLimits: map[string]string{"USDC": "20", "ETH": "4"}, DailyUsage: map[string]spent{"USDC": {Used: "3"}},
				UnlimitedOperations: []string{"CreateOrder"}, Metadata: map[string]string{hostile: "<b>"},
				enforcement: enforced},
			{Name: "nobody", Disabled: true, Operations: []string{"GetTransfer"}},
			{Name: "open", Client: "clients/two", Key: "open-key", Sources: []string{"*"}, Destinations: []string{"*"},
				Operations: []string{"CreateCryptoWithdrawal"}, Limits: map[string]string{"USDC": "5"},
				Dangers:     []string{"destinations=*: everybody"},
				enforcement: enforcement{Signing: "not_enforced", SeenAt: "AT", Evidence: "list"}},
			{Name: "free", Client: "root", Key: "free-key", KeyID: "kid", Operations: []string{"CreateOrder"},
				UnlimitedOperations: []string{"CreateOrder"}, Limits: map[string]string{"USDC": "987"}},
		},
		SignLimits: map[string]string{"USDC": "100", "BTC": "3"}, SignDailyLimits: map[string]string{"USDC": "500"},
		Payers: []payer{
			{Role: "vendor", Client: "clients/two", LeasesClient: true, enforcement: enforcement{Signing: "unknown"}},
			{Role: "pay", Client: "root", Operations: []string{"CreateCryptoWithdrawal"}, Signers: []string{"signers/assets"},
				enforcement: enforced},
			{Role: "bare", Client: "root", Operations: []string{"CreateOrder"},
				enforcement: enforcement{Signing: "not_enforced", SeenAt: "AT", Evidence: "list"}},
		},
	}
}

// section is the text of the page's section of payments, one line for each row of its
// tables.
func section(t *testing.T, m *mount) (lines []string, html string) {
	t.Helper()
	var page strings.Builder
	if err := m.writePage(&page, atNoon); err != nil {
		t.Fatal(err)
	}
	_, html, _ = strings.Cut(page.String(), `<section id="payments">`)
	html, _, _ = strings.Cut(html, "</section>")
	tag := regexp.MustCompile(`<[^>]*>`)
	marked := strings.NewReplacer("</td>", " |</td>", "</dd>", " |</dd>", "</article>", "</tr>").Replace(html)
	for row := range strings.SplitSeq(marked, "</tr>") {
		lines = append(lines, strings.Join(strings.Fields(tag.ReplaceAllString(row, " ")), " "))
	}
	return lines, html
}

// TestWhoMayHaveHowMuchPaidToWhom reads the rows of the page for signers and for tokens.
func TestWhoMayHaveHowMuchPaidToWhom(t *testing.T) {
	t.Parallel()
	lines, html := section(t, paying())
	const request = "tested with an unsigned request at AT"
	const list = "Paxos's list of credentials says so, read at AT"
	const guardrail = "100 per request, 500 per day for all signers together"
	text := strings.ReplaceAll(strings.Join(lines, "\n"), "&#39;", "'")
	for _, want := range []string{
		"Does Paxos require the signature? yes " + request + " | Client root, key pay-key | Token from roles/pay | " +
			"Operations CreateCryptoWithdrawal GetTransfer | Operations without a limit Any amount of any asset: CreateOrder | " +
			"From p-1 | To fiat:f-1 | End users every end user (*) |",
		"\nBTC 1 | no limit | refused: this asset is not in the guardrails |\n",
		"\nETH 2 | 4 | refused",
		"\nUSDC 10.50 | 20 (used: 3) | " + guardrail + " |\n",
		"signers/nobody disabled: signs nothing Does Paxos require the signature? not known: assume that a token alone is " +
			"enough | Client none: the key does not exist | Token from none | Operations GetTransfer | From none | To nobody " +
			"| It has no limit for any asset, so it signs no payment by these operations.",
		"signers/open the key has no Key ID: signs nothing Does Paxos require the signature? no: a token alone is enough " +
			list + " | Client clients/two, key open-key | Token from none | Operations CreateCryptoWithdrawal | From every " +
			"profile (*) | To anyone (*) | Dangerous options destinations=*: everybody |",
		"\nUSDC 5 | no limit | " + guardrail + " |\n",
		"signers/free Does Paxos require the signature? not known: assume that a token alone is enough | Client root, key " +
			"free-key | Token from none | Operations none | Operations without a limit Any amount of any asset: CreateOrder " +
			"| From none | To nobody |\n",
		"roles/vendor leases the whole client not known: assume any amount to anyone | not known: its scopes are unknown, " +
			"or allow no known operation | clients/two no signers |",
		"roles/pay no " + request + " | CreateCryptoWithdrawal | root signers/assets |",
		"roles/bare yes: any amount to anyone " + list + " | CreateOrder | root no signers |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(html, "<script") || strings.Contains(html, "<b>:") ||
		strings.Contains(html, "onerror=alert(1)>") || strings.Contains(html, "987") {
		t.Errorf("metadata is not escaped, or a limit that bounds nothing is shown: %s", html)
	}
}

// TestGuardrailsOfOneKind has limits of one kind, or none.
func TestGuardrailsOfOneKind(t *testing.T) {
	t.Parallel()
	usdc := map[string]string{"USDC": "7"}
	for want, m := range map[string]*mount{
		"no limit":                           {},
		"7 per request":                      {SignLimits: usdc},
		"7 per day for all signers together": {SignDailyLimits: usdc},
	} {
		if got := m.guardrail("USDC"); got != want {
			t.Errorf("the guardrails are %q, want %q", got, want)
		}
	}
}

// TestLongListsAreCut shows a signer of many destinations, and a mount without any.
func TestLongListsAreCut(t *testing.T) {
	t.Parallel()
	m := paying()
	m.Signers = m.Signers[:1]
	m.Signers[0].Destinations = nil
	for i := range 25 {
		m.Signers[0].Destinations = append(m.Signers[0].Destinations, fmt.Sprintf("profile:p-%02d", i))
	}
	lines, _ := section(t, m)
	text := strings.Join(lines, "\n")
	if !strings.Contains(text, "profile:p-19 and 5 more (paxos-report -json shows all)") ||
		strings.Contains(text, "p-20") {
		t.Errorf("the page is %s", text)
	}
	lines, _ = section(t, &mount{})
	if text := strings.Join(lines, " "); !strings.Contains(text, "This mount has no signers, so it signs no payments.") ||
		!strings.Contains(text, "No role issues tokens that can pay.") {
		t.Errorf("without signers the page is %s", text)
	}
}

// TestJSONHoldsSignersAndPayers reads them from a mount.
func TestJSONHoldsSignersAndPayers(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.report(settings{refresh: true})
	h.must("config/guardrails", map[string]any{"sign_limits": map[string]any{"USDC": "1000"},
		"sign_daily_limits": map[string]any{"USDC": "5000"}})
	text, _ := h.report(settings{json: true})
	var m mount
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	if len(m.Signers) != 1 || len(m.Payers) != 1 || m.SignLimits["USDC"] != "1000" ||
		m.SignDailyLimits["USDC"] != "5000" {
		t.Fatalf("signers are %+v, payers %+v, limits %v, %v", m.Signers, m.Payers, m.SignLimits, m.SignDailyLimits)
	}
	s := m.Signers[0]
	if s.Name != "payouts" || s.Client != "root" || s.Limits["USDC"] != "100" || s.DailyLimits["USDC"] != "500" ||
		s.DailyUsage["USDC"].Left != "500" || s.Metadata["team"] != hostile || s.Signing != "enforced" ||
		fmt.Sprint(s.Roles) != "[roles/pay]" {
		t.Errorf("the signer is %+v", s)
	}
	if p := m.Payers[0]; p.Role != "pay" || p.Evidence != "list" || fmt.Sprint(p.Signers) != "[signers/payouts]" {
		t.Errorf("the payer is %+v", p)
	}
}
