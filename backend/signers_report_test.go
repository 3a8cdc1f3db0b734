package backend_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// newTidySigningMount is a mount that pays with a signer, and of which the report says only that a role
// moves money and that the stand-in's URL is http.
func newTidySigningMount(t *testing.T) *mount {
	t.Helper()
	m := newTidyMount(t)
	m.EditClient(m.Client.ClientID, func(c *paxostest.Credential) {
		c.Scopes = append(c.Scopes, "transfer:write_crypto_withdrawal")
	})
	m.Must(logical.UpdateOperation, "roles/payer", map[string]any{"scopes": "transfer:write_crypto_withdrawal"})
	m.Must(logical.UpdateOperation, "keys/payments", nil)
	m.registerKey("payments", 1)
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{
		"sign_limits": map[string]any{"USDC": "1000"}, "sign_daily_limits": map[string]any{"USDC": "5000"}})
	m.Must(logical.UpdateOperation, "signers/payouts", map[string]any{"key": "payments",
		"operations": "CreateCryptoWithdrawal", "sources": treasury, "destinations": "crypto:ETHEREUM:" + vendor,
		"limits": map[string]any{"USDC": "100"}, "daily_limits": map[string]any{"USDC": "500"},
		"metadata": map[string]any{"team": "treasury"}})
	m.compare()
	m.demandWithdrawals(401)
	m.Must(logical.UpdateOperation, "probe", map[string]any{"check_signing": true})
	return m
}

// registerKey registers a version of a key at Paxos, and stores its Key ID.
func (m *mount) registerKey(name string, version int) {
	m.T.Helper()
	registered, err := m.Paxos.RegisterPublicKey(m.Client.ClientID, name,
		m.keyVersion(name, version)["public_key"].(string))
	if err != nil {
		m.T.Fatal(err)
	}
	m.Must(logical.UpdateOperation, "keys/"+name+"/kid", map[string]any{"kid": registered.ID, "version": version})
}

// enforceSigning sets what Paxos's list says of the root client, and reads the list.
func (m *mount) enforceSigning(on bool) {
	m.T.Helper()
	m.EditClient(m.Client.ClientID, func(c *paxostest.Credential) { c.EnforceRequestSigning = on })
	m.compare()
}

// tidySigning are the findings of a tidy mount that pays.
const tidySigning = tidy + " medium moves-money roles/payer"

// TestATidySigningMount has neither the signer nor its public key among the findings of both reports.
func TestATidySigningMount(t *testing.T) {
	t.Parallel()
	m := newTidySigningMount(t)
	if got := fmt.Sprint(rules(m.report("least-privilege"))); got != "["+tidySigning+"]" {
		t.Errorf("found are %s", got)
	}
	m.Clock.Advance(8 * 24 * time.Hour) // the scopes of the client are not new any more
	if got := rules(m.compare()); len(got) > 0 {
		t.Errorf("drifted are %s", got)
	}
}

// TestWhoMayHaveHowMuchPaidToWhom reads what the report says of a signer that has paid and of its role.
func TestWhoMayHaveHowMuchPaidToWhom(t *testing.T) {
	t.Parallel()
	m := newTidySigningMount(t)
	m.signedBy("payouts", withdrawal("ref-1", "30"))
	report := m.report("least-privilege")
	s := report["signers"].([]any)[0].(map[string]any)
	kid := m.keyVersion("payments", 1)["kids"].(map[string]any)[m.Client.ClientID]
	for field, want := range map[string]any{
		"name": "payouts", "key": "payments", "client": "root", "client_id": m.Client.ClientID, "kid": kid,
		"roles": "[roles/payer]", "operations": "[CreateCryptoWithdrawal]", "sources": "[" + treasury + "]",
		"destinations": "[crypto:ETHEREUM:" + vendor + "]", "end_users": "[]", "limits": "map[USDC:100]",
		"daily_limits": "map[USDC:500]", "unlimited_operations": "[]", "extra_fields": "[]", "dangerous_options": "[]",
		"disabled": false, "metadata": "map[team:treasury]", "created_at": "2026-11-01T12:01:00Z", "signing": "enforced",
		"signing_seen_at": "2026-11-01T12:02:00Z", "signing_evidence": "request",
	} {
		if got := fmt.Sprint(s[field]); got != fmt.Sprint(want) {
			t.Errorf("%s is %s, want %v", field, got, want)
		}
	}
	usage := s["daily_usage"].(map[string]any)["USDC"].(map[string]any)
	if usage["used"] != "30" || usage["left"] != "470" || usage["limit"] != "500" {
		t.Errorf("the usage is %v", usage)
	}
	if got, want := fmt.Sprint(report["payers"]), "[map[client:root leases_client:false "+
		"operations:[CreateCryptoWithdrawal] role:payer signers:[signers/payouts] signing:enforced "+
		"signing_evidence:request signing_seen_at:2026-11-01T12:02:00Z]]"; got != want {
		t.Errorf("payers are %s, want %s", got, want)
	}
	if got := fmt.Sprint(report["sign_limits"], report["sign_daily_limits"]); got != "map[USDC:1000] map[USDC:5000]" {
		t.Errorf("the guardrails' limits are %s", got)
	}
}

// TestSigningIsAFindingUntilItIsEnforced switches enforcement off and on, and reads who would be cut off.
func TestSigningIsAFindingUntilItIsEnforced(t *testing.T) {
	t.Parallel()
	m := newTidySigningMount(t)
	const title = "high signing-switched-off client root"
	m.enforceSigning(false)
	report := m.report("least-privilege")
	if got := rules(report); !slices.Contains(got, title) {
		t.Fatalf("found are %s", got)
	}
	found := finding(report, "signing-switched-off", "client root")
	if text := found["suggestion"].(string); !strings.HasSuffix(text,
		"Cut off until they sign: the readers of roles/mint, roles/payer") {
		t.Errorf("with a key, the suggestion is %q", text)
	}
	m.Must(logical.UpdateOperation, "keys/payments/kid", map[string]any{"kid": ""})
	found = finding(m.report("least-privilege"), "signing-switched-off", "client root")
	if text := found["suggestion"].(string); !strings.Contains(text, "this mount itself, when it verifies") {
		t.Errorf("without a Key ID, the suggestion is %q", text)
	}
	m.Clock.Advance(8 * 24 * time.Hour) // the change is not new any more
	m.compare()
	report = m.report("least-privilege")
	if got := rules(report); !slices.Contains(got, "high signing-not-enforced client root") {
		t.Errorf("a week later found are %s", got)
	}
	if p := report["payers"].([]any)[0].(map[string]any); p["signing"] != "not_enforced" {
		t.Errorf("the payer is %v", p)
	}
	m.Must(logical.UpdateOperation, "probe", map[string]any{"check_signing": true})
	if got := strings.Join(rules(m.report("least-privilege")), " "); strings.Contains(got, "signing-") {
		t.Errorf("enforced without the list's knowledge, found are %s", got)
	}
	if err := m.Paxos.EnforceSignatures(paxostest.Enforcement{}); err != nil {
		t.Fatal(err)
	}
	m.enforceSigning(true)
	m.Clock.Advance(10 * time.Minute)
	m.Must(logical.UpdateOperation, "probe", map[string]any{"check_signing": true})
	found = finding(m.report("least-privilege"), "signing-not-enforced", "client root")
	if found == nil || strings.Contains(found["fix"].(string), "probe") {
		t.Errorf("the list says that it is enforced, and an unsigned request was not refused: found is %v", found)
	}
}

// TestSigningIsAFindingBeforePaxosWasAsked has a role that pays, and no list of Paxos yet; then the list;
// and then the proof that the finding asks for.
func TestSigningIsAFindingBeforePaxosWasAsked(t *testing.T) {
	t.Parallel()
	m := newListingMount(t)
	m.EditClient(m.Client.ClientID, func(c *paxostest.Credential) {
		c.Scopes = append(c.Scopes, "transfer:write_crypto_withdrawal")
	})
	m.demandWithdrawals(401)
	m.Must(logical.UpdateOperation, "roles/payer", map[string]any{"scopes": "transfer:write_crypto_withdrawal"})
	found := finding(m.report("least-privilege"), "signing-not-enforced", "client root")
	if found["severity"] != "high" || !strings.Contains(fmt.Sprint(found["evidence"]), "enforcement=unknown roles/payer") {
		t.Errorf("found is %v", found)
	}
	m.compare()
	report := m.report("least-privilege")
	found = finding(report, "signing-not-proved", "client root")
	if found["severity"] != "medium" || finding(report, "signing-not-enforced", "client root") != nil {
		t.Fatalf("with the list, found is %v", found)
	}
	m.run(found["fix"].(string))
	if got := strings.Join(rules(m.report("least-privilege")), " "); strings.Contains(got, "signing-") {
		t.Errorf("proved, found are %s", got)
	}
}

// TestSigningFindingsAndTheirFixes changes keys and signers of a tidy mount, and does what the finding
// says.
func TestSigningFindingsAndTheirFixes(t *testing.T) {
	t.Parallel()
	signer := func(data map[string]any) func(*mount) {
		return func(m *mount) { m.Must(logical.PatchOperation, "signers/payouts", data) }
	}
	write := func(path string, data map[string]any) func(*mount) {
		return func(m *mount) { m.Must(logical.UpdateOperation, path, data) }
	}
	for name, test := range map[string]struct {
		cause    func(*mount)
		want     string
		evidence string
		says     string       // fix and suggestion
		mend     func(*mount) // nil: as the suggestion says, or else the fix
	}{
		"a key without a Key ID": {write("keys/payments/kid", map[string]any{"kid": ""}),
			"medium key-not-registered keys/payments", "[client=root client_id=CLIENT]",
			"vault write paxos/keys/payments/kid version=1 'kid=<Key ID>'",
			write("keys/payments/kid", map[string]any{"version": 1, "discover": true})},
		"a key without a Key ID for the new root": {func(m *mount) {
			made, secret, err := m.Paxos.CreateCredential(paxostest.Credential{Nickname: "next", IPAllowlist: []string{
				"127.0.0.0/8"}, EnforceRequestSigning: true, Scopes: []string{"funding:read_profile",
				"transfer:read_transfer", "transfer:write_crypto_withdrawal", backendtest.ListScope}})
			if err != nil {
				m.T.Fatal(err)
			}
			m.Must(logical.UpdateOperation, "config/replace-root",
				map[string]any{"client_id": made.ClientID, "client_secret": secret})
			m.Client.ClientID = made.ClientID
			m.compare()
		}, "medium key-not-registered keys/payments", "[client=root client_id=CLIENT]",
			"add the public key of version 1 to client CLIENT;", func(m *mount) { m.registerKey("payments", 1) }},
		"a rotation that nobody finished": {func(m *mount) {
			m.Must(logical.UpdateOperation, "keys/payments/rotate", nil)
			m.Clock.Advance(4 * 24 * time.Hour)
		}, "info key-version-waiting keys/payments", "[version=2 created_at=2026-11-01T12:02:01Z]",
			"kid version=2", func(m *mount) { m.registerKey("payments", 2) }},
		"a key that is for another client than every role": {func(m *mount) {
			m.stock("c0", "vault-c0", nil)
			m.Must(logical.UpdateOperation, "keys/other", map[string]any{"client": "c0"})
			m.Must(logical.PatchOperation, "signers/payouts", map[string]any{"key": "other"})
		}, "low signer-without-role signers/payouts", "[key=other client=clients/c0]",
			"key and role must have the same client", nil},
		"a key that is gone from storage": {func(m *mount) {
			if err := m.Storage.Delete(context.Background(), "keys/payments"); err != nil {
				m.T.Fatal(err)
			}
		}, "medium signer-without-key signers/payouts", "[key=payments]",
			"vault write paxos/keys/payments 'client=<client>'", write("keys/payments", nil)},
		"a disabled signer": {signer(map[string]any{"disabled": true}), "info signer-disabled signers/payouts", "[]",
			"vault delete paxos/signers/payouts", nil},
		"every destination": {signer(map[string]any{"destinations": "*"}), "high dangerous-option signers/payouts",
			"[destinations=*]", "vault patch paxos/signers/payouts 'destinations=<destinations>'",
			signer(map[string]any{"destinations": "crypto:ETHEREUM:" + vendor})},
		"every source": {signer(map[string]any{"sources": "*"}), "medium dangerous-option signers/payouts",
			"[sources=*]", "vault patch paxos/signers/payouts 'sources=<profile ids>'",
			signer(map[string]any{"sources": treasury})},
		"operations of any amount": {signer(map[string]any{"operations": "CreateOrder",
			"unlimited_operations": "CreateOrder"}), "medium dangerous-option signers/payouts",
			"[unlimited_operations CreateOrder]",
			"vault patch paxos/signers/payouts unlimited_operations=", nil},
		"fields that nobody knows": {signer(map[string]any{"extra_fields": "new_field"}),
			"medium dangerous-option signers/payouts", "[extra_fields new_field]",
			"vault patch paxos/signers/payouts extra_fields=", nil},
		"an asset without a daily limit": {signer(map[string]any{"limits": map[string]any{"USDC": "100", "BTC": "1"}}),
			"info signer-without-daily-limit signers/payouts", "[BTC]",
			"vault patch paxos/signers/payouts 'daily_limits=BTC=<amount>' daily_limits=USDC=500",
			signer(map[string]any{"daily_limits": []any{"BTC=3", "USDC=500"}})},
		"no daily limit anywhere": {func(m *mount) {
			signer(map[string]any{"daily_limits": map[string]any{}})(m)
			write("config/guardrails", map[string]any{"sign_daily_limits": map[string]any{}})(m)
		}, "low signer-without-daily-limit signers/payouts", "[USDC]",
			"vault patch paxos/signers/payouts 'daily_limits=USDC=<amount>'",
			signer(map[string]any{"daily_limits": "USDC=500"})},
		"guardrails without limits": {write("config/guardrails", map[string]any{"sign_limits": map[string]any{}}),
			"info sign-limits-not-set config/guardrails", "[sign_limits]",
			"vault patch paxos/config/guardrails 'sign_limits=<asset>=<amount>'",
			func(m *mount) {
				m.Must(logical.PatchOperation, "config/guardrails", map[string]any{"sign_limits": "USDC=1000"})
			}},
		"a role that opens more than is signed": {func(m *mount) {
			m.EditClient(m.Client.ClientID, func(c *paxostest.Credential) {
				c.Scopes = append(c.Scopes, "transfer:write_fiat_withdrawal")
			})
			m.Must(logical.UpdateOperation, "roles/payer",
				map[string]any{"scopes": "transfer:write_crypto_withdrawal,transfer:write_fiat_withdrawal"})
			m.compare()
		}, "low role-beyond-signers roles/payer", "[CreateFiatWithdrawal]",
			"vault patch paxos/roles/payer scopes=transfer:write_crypto_withdrawal", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newTidySigningMount(t)
			test.cause(m)
			report := m.report("least-privilege")
			if got := rules(report); !slices.Contains(got, test.want) {
				t.Fatalf("found are %s, want %s", strings.Join(got, "; "), test.want)
			}
			client := strings.NewReplacer("CLIENT", m.Client.ClientID)
			fields := strings.SplitN(test.want, " ", 3)
			found := finding(report, fields[1], fields[2])
			if got := fmt.Sprint(found["evidence"]); got != client.Replace(test.evidence) {
				t.Errorf("the evidence is %s", got)
			}
			fix, suggestion := found["fix"].(string), found["suggestion"].(string)
			if !strings.Contains(fix+"\n"+suggestion, client.Replace(test.says)) {
				t.Errorf("the fix is %q, the suggestion %q", fix, suggestion)
			}
			if test.mend != nil {
				test.mend(m)
			} else {
				m.run(suggestion)
			}
			if got := rules(m.report("least-privilege")); slices.Contains(got, test.want) {
				t.Errorf("mended, found are still %s", got)
			}
		})
	}
}

// TestEntriesOfSigningThatCannotBeRead damages a key and a signer.
func TestEntriesOfSigningThatCannotBeRead(t *testing.T) {
	t.Parallel()
	m := newTidySigningMount(t)
	for _, key := range []string{"keys/zz", "signers/zz"} {
		if err := m.Storage.Put(context.Background(),
			&logical.StorageEntry{Key: key, Value: []byte(`{"schema":99}`)}); err != nil {
			t.Fatal(err)
		}
	}
	got := strings.Join(rules(m.report("least-privilege")), " ")
	for _, want := range []string{"medium entry-unreadable keys/zz", "medium entry-unreadable signers/zz"} {
		if !strings.Contains(got, want) {
			t.Errorf("found are %s, want %s", got, want)
		}
	}
}

// TestAnAcceptedSignerMayNotPayMore accepts a dangerous option of a signer, and then raises its limit.
func TestAnAcceptedSignerMayNotPayMore(t *testing.T) {
	t.Parallel()
	m := newTidySigningMount(t)
	const title = "high dangerous-option signers/payouts"
	m.Must(logical.PatchOperation, "signers/payouts", map[string]any{"destinations": "*"})
	m.Must(logical.UpdateOperation, "exceptions/everybody", map[string]any{"rule": "dangerous-option",
		"subject": "signers/payouts", "reason": "customers withdraw to their own addresses", "expires_at": "90d"})
	if got := accepted(m.report("least-privilege")); !slices.Contains(got, title) {
		t.Errorf("accepted are %s", got)
	}
	m.Must(logical.PatchOperation, "signers/payouts", map[string]any{"metadata": map[string]any{"team": "payments"}})
	if got := accepted(m.report("least-privilege")); !slices.Contains(got, title) {
		t.Errorf("with other metadata, accepted are %s", got)
	}
	m.Must(logical.PatchOperation, "signers/payouts", map[string]any{"limits": map[string]any{"USDC": "101"}})
	report := m.report("least-privilege")
	if found := finding(report, "dangerous-option", "signers/payouts"); len(accepted(report)) > 0 ||
		!strings.Contains(fmt.Sprint(found["note"]), "no longer applies") {
		t.Errorf("with a higher limit, accepted are %s, found is %v", accepted(report), found)
	}
}
