package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// expireTTL makes the engine answer that the token is to be read again at once.
func (r *road) expireTTL() {
	r.change(func() {
		r.rewrite = func(path string, data map[string]any) {
			if path == "token/payer" {
				data["ttl"] = 0
			}
		}
	})
}

// TestReadsOutliveAnOutageOfVault takes Vault down at the end of ttl, while the access token is valid.
func TestReadsOutliveAnOutageOfVault(t *testing.T) {
	t.Parallel()
	r := newRoad(t, paxostest.Options{})
	r.expireTTL()
	p := r.start(nil)
	p.expect("before", p.send("GET", profiles, "", nil), 200, "")
	r.change(func() { r.down = true })
	for range 3 {
		p.expect("a read", p.send("GET", profiles, "", nil), 200, "")
	}
	p.expect("health", p.send("GET", healthPath, "", nil), 200, "")
	// Once before the outage and once in it, which net/http repeats on a connection that was open.
	if asked := r.questions("token/payer"); len(asked) > 3 {
		t.Errorf("Vault was asked %d times", len(asked))
	}
	r.arrivals()
	p.expect("a payment", p.pay("r-1", "1"), 503, "vault-unavailable")
	if sent := r.arrivals(); len(sent) != 0 {
		t.Errorf("Paxos got %d requests", len(sent))
	}
	r.change(func() { r.down = false })
	p.expect("a payment after it", p.pay("r-1", "1"), 200, "")
}

// TestAVaultThatIsDownFromTheBeginning has no token to go on with.
func TestAVaultThatIsDownFromTheBeginning(t *testing.T) {
	t.Parallel()
	r := newRoad(t, paxostest.Options{})
	r.down = true
	p := r.start(nil)
	p.expect("a read", p.send("GET", profiles, "", nil), 503, "vault-unavailable")
	p.expect("health", p.send("GET", healthPath, "", nil), 503, "no-token")
	r.change(func() { r.down = false })
	p.expect("health", p.send("GET", healthPath, "", nil), 200, "")
	p.expect("a POST to health", p.send("POST", healthPath, "", nil), 405, "method")
}

// TestARefusalOfVaultEndsTheUseOfTheToken takes the Vault token back.
func TestARefusalOfVaultEndsTheUseOfTheToken(t *testing.T) {
	t.Parallel()
	r := newRoad(t, paxostest.Options{})
	r.expireTTL()
	p := r.start(nil)
	p.expect("before", p.send("GET", profiles, "", nil), 200, "")
	r.change(func() { r.accepted = "another" })
	for range 2 {
		got := p.send("GET", profiles, "", nil)
		p.expect("a read", got, 403, "refused-by-vault")
		if !strings.Contains(got.body, "permission denied") || !strings.Contains(got.body, "has expired or was revoked") {
			t.Errorf("the answer lacks the words of Vault: %s", got.body)
		}
	}
}

// TestTheTokenFileIsReadAgain lets an agent replace the file, by a rename and in place, and replaces it
// while Vault is being asked with the old token.
func TestTheTokenFileIsReadAgain(t *testing.T) {
	t.Parallel()
	r := newRoad(t, paxostest.Options{})
	r.expireTTL()
	file := filepath.Join(t.TempDir(), "token")
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Error(err)
		}
	}
	accept := func(token string) { r.change(func() { r.accepted = token }) }
	write(file, "vault-token-1\n")
	accept("vault-token-1")
	p := r.start(func(wanted *settings, _ *deadlines) { wanted.tokenFile = file })
	p.expect("the first token", p.pay("r-1", "1"), 200, "")

	write(file+".new", "vault-token-2")
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
	accept("vault-token-2")
	p.expect("after a rename", p.pay("r-2", "1"), 200, "")

	write(file, "vault-token-3\n")
	accept("vault-token-3")
	p.expect("after a write in place", p.pay("r-3", "1"), 200, "")

	accept("vault-token-4")
	r.change(func() { r.denied = func() { write(file, "vault-token-4\n") } })
	p.expect("replaced meanwhile", p.pay("r-4", "1"), 200, "")

	r.change(func() { r.denied = nil })
	for name, text := range map[string]string{"empty": "\n", "wrapped": `{"token":"vault-token-4"}`} {
		write(file, text)
		p.expect(name, p.pay("r-5", "1"), 503, "vault-unavailable")
	}
	write(file, "vault-token-4")
	p.expect("mended", p.pay("r-5", "1"), 200, "")
	if got := len(p.paxos.Executed()); got != 5 {
		t.Errorf("Paxos executed %d payments", got)
	}
}

// TestDifferentClients gives the role a client of its own, while the signer has a key of the root
// client; and then makes them agree.
func TestDifferentClients(t *testing.T) {
	t.Parallel()
	r := newRoad(t, paxostest.Options{})
	other, secret, err := r.paxos.CreateCredential(paxostest.Credential{Scopes: r.root.Scopes})
	if err != nil {
		t.Fatal(err)
	}
	r.must("clients/other", map[string]any{"purpose": "mint", "client_id": other.ClientID, "client_secret": secret,
		"scopes": r.root.Scopes, "allowed_roles": "payer"})
	r.must("roles/payer", map[string]any{"client": "other"})
	p := r.start(nil)
	r.arrivals()
	for range 3 {
		got := p.pay("r-1", "1")
		p.expect("of two clients", got, 500, "different-clients")
		if !strings.Contains(got.body, "same client") || strings.Contains(got.body, other.ClientID) {
			t.Errorf("the answer is %s", got.body)
		}
	}
	if sent := r.arrivals(); len(sent) != 0 || len(r.paxos.Executed()) != 0 {
		t.Errorf("Paxos got %d requests", len(sent))
	}
	if text := p.log.String(); strings.Count(text, "level=WARN") != 1 ||
		!strings.Contains(text, "role=payer signer=payouts") {
		t.Errorf("the log is\n%s", text)
	}
	p.expect("a read", p.send("GET", profiles, "", nil), 200, "")

	r.must("roles/payer", map[string]any{"client": ""})
	p.expect("after the role was mended", p.pay("r-1", "1"), 200, "")
	r.must("roles/payer", map[string]any{"client": "other"})
}

// TestOnlyPaxosWithAKnownCertificate checks -ca-file on a Paxos whose certificate no system knows.
func TestOnlyPaxosWithAKnownCertificate(t *testing.T) {
	t.Parallel()
	r := newRoad(t, paxostest.Options{TLS: true})
	got := r.start(nil).pay("r-1", "1")
	r.start(nil).expect("without -ca-file", got, 502, "no-connection")
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte(r.paxos.CACertificate()), 0o600); err != nil {
		t.Fatal(err)
	}
	p := r.start(func(wanted *settings, _ *deadlines) { wanted.caFile = file })
	p.expect("with it", p.pay("r-1", "1"), 200, "")

	if err := os.WriteFile(file, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{file: "no certificate in PEM", file + "-none": "no such file"} {
		if _, err := newPaxosClient(name, 0); err == nil || !strings.Contains(err.Error(), want) ||
			!strings.Contains(err.Error(), "-ca-file") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
