package backend_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// readAs reads a token as somebody Vault knows.
func (m *mount) readAs(entity, name, path string) *logical.Response {
	m.T.Helper()
	resp, err := m.Backend.HandleRequest(context.Background(), &logical.Request{
		Operation: logical.ReadOperation, Path: path, Storage: m.Storage, EntityID: entity, DisplayName: name,
	})
	if err != nil || resp.IsError() {
		m.T.Fatalf("%s as %s: %v %v", path, name, resp, err)
	}
	return resp
}

// lookup asks whose a token is.
func (m *mount) lookup(name, value string) map[string]any {
	m.T.Helper()
	return m.Must(logical.UpdateOperation, "lookup", map[string]any{name: value}).Data
}

func TestLookupTellsWhoseATokenIs(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	first := m.readAs("entity-1", "kubernetes-billing", "creds/mint")
	m.Clock.Advance(time.Minute)
	m.readAs("entity-2", "userpass-jo", "creds/mint")
	m.readAs("entity-1", "kubernetes-billing", "creds/mint")
	upstream := m.Paxos.TotalCalls()
	got := m.lookup("access_token", backendtest.Token(first)+"\n")
	for name, want := range map[string]any{
		"known": true, "state": "serving", "role": "mint", "client_id": m.Client.ClientID, "generation": float64(1),
		"environment": "custom",
		"token_id":    first.Data["token_id"], "minted_at": "2026-11-01T12:00:00Z",
		"expires_at": first.Data["expires_at"],
		"leased":     true, "unique": false, "narrowed": false, "holders_complete": true,
		"scopes": "[funding:read_profile transfer:read_transfer]",
	} {
		if fmt.Sprint(got[name]) != fmt.Sprint(want) {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	if holders := fmt.Sprint(got["holders"]); holders != "[map[display_name:kubernetes-billing "+
		"entity_id:entity-1 leases:2 since:2026-11-01T12:00:00Z]"+
		" map[display_name:userpass-jo entity_id:entity-2 leases:1 since:2026-11-01T12:01:00Z]]" {
		t.Errorf("holders are %s", holders)
	}
	if same := m.lookup("token_id", first.Data["token_id"].(string)); fmt.Sprint(same) != fmt.Sprint(got) {
		t.Errorf("by token_id: %v; by the token: %v", same, got)
	}
	if m.Paxos.TotalCalls() != upstream {
		t.Error("Paxos was called")
	}
	m.Restart()
	got = m.lookup("access_token", backendtest.Token(first))
	if got["known"] != true || got["holders_complete"] != false || fmt.Sprint(got["holders"]) != "[]" {
		t.Errorf("after a restart: %v; want a known token whose holders are not", got)
	}
}

func TestLookupTellsWhatBecomesOfAToken(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "roles/own",
		map[string]any{"scopes": "funding:read_profile", "unique_tokens": true})
	own := m.readAs("entity-1", "jo", "creds/own")
	unleased := m.Must(logical.UpdateOperation, "token/mint", map[string]any{"scopes": "funding:read_profile"})
	got := m.lookup("access_token", backendtest.Token(own))
	if got["state"] != "held" || got["unique"] != true || len(got["holders"].([]any)) != 1 {
		t.Errorf("an own token: %v", got)
	}
	got = m.lookup("access_token", backendtest.Token(unleased))
	if got["state"] != "serving" || got["leased"] != false || got["narrowed"] != true ||
		got["holders_complete"] != false {
		t.Errorf("an unleased, narrowed token: %v", got)
	}
	m.Paxos.FailAll(paxostest.Revoke, paxostest.Fault{Status: 503})
	m.Must(logical.DeleteOperation, "roles/mint", nil)
	if got = m.lookup("access_token", backendtest.Token(unleased)); got["state"] != "ending" || got["role"] != "mint" {
		t.Errorf("a token of a deleted role, while Paxos is down: %v", got)
	}
	m.Paxos.Heal()
	m.Tick()
	if got = m.lookup("access_token",
		backendtest.Token(unleased)); fmt.Sprint(got) != fmt.Sprintf("map[known:false token_id:%s]",
		unleased.Data["token_id"]) {
		t.Errorf("a token that has ended: %v", got)
	}
	m.Clock.Advance(2 * time.Hour)
	if got = m.lookup("access_token", backendtest.Token(own)); got["known"] != false {
		t.Errorf("a token that has expired: %v", got)
	}
}

// TestLookupReadsATokenAsItIsFound looks up what a header, a log line or code holds.
func TestLookupReadsATokenAsItIsFound(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	lease := m.Must(logical.ReadOperation, "creds/mint", nil)
	found := backendtest.Token(lease)
	for _, text := range []string{
		"Bearer " + found, "bearer\t" + found + "\n", "BEARER  " + found, "Authorization: Bearer " + found, `"` +
			found + `"`, "'" + found + "'", "`" + found + "`",
		`"Bearer ` + found + `"`, `Bearer "` + found + `"`, found[:20] + "\n" + found[20:], found[:20] + "\r\n" +
			found[20:] + "\r\n", "Bearer\n" + found, `" ` + found + ` "`,
	} {
		if got := m.lookup("access_token", text); got["known"] != true || got["token_id"] != lease.Data["token_id"] {
			t.Errorf("%q: %v", strings.ReplaceAll(text, found, "TOKEN"), got)
		}
	}
	for _, text := range []string{"Bearer ", `""`, found + " " + found, found[:10] + " " + found[10:], "é" + found,
		"Bearer " + found + ", other"} {
		status, said := m.Refused(logical.UpdateOperation, "lookup", map[string]any{"access_token": text})
		if status != 400 || !strings.Contains(said, "whole token") || strings.Contains(said, found[:10]) {
			t.Errorf("%q: %d %s", strings.ReplaceAll(text, found, "TOKEN"), status, said)
		}
	}
	resp := m.Must(logical.UpdateOperation, "lookup", map[string]any{"access_token": found[:len(found)/2]})
	if want := fmt.Sprintf("This text has %d characters, but tokens of this mount have %d.", len(found)/2,
		len(found)); resp.Data["known"] != false || len(resp.Warnings) != 1 || !strings.Contains(resp.Warnings[0],
		want) {
		t.Errorf("half of a token: %v, warnings %q", resp.Data, resp.Warnings)
	}
	other := strings.Map(func(r rune) rune {
		if r == 'a' {
			return 'b'
		}
		return r
	}, found) + "x"
	if resp := m.Must(logical.UpdateOperation, "lookup",
		map[string]any{"access_token": other[1:]}); resp.Data["known"] != false || len(resp.Warnings) != 0 {
		t.Errorf("another token: %v, warnings %q", resp.Data, resp.Warnings)
	}
}

func TestLookupRepeatsNothing(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	lease := m.Must(logical.ReadOperation, "creds/mint", nil)
	for says, data := range map[string]map[string]any{
		"Send either access_token or token_id": nil,
		"Send either":                          {"access_token": backendtest.Canary, "token_id": backendtest.Canary},
		"access_token must be a token":         {"access_token": " "},
		"access_token must be a token of":      {"access_token": backendtest.Canary + strings.Repeat("x", 9<<10)},
		"access_token must be a string": {
			"access_token": map[string]any{backendtest.Canary: backendtest.Canary}},
		"access_token must be a string of":    {"access_token": backendtest.Canary + strings.Repeat("x", 1<<20)},
		"token_id must be the 32 hexadecimal": {"token_id": backendtest.Token(lease)},
		"token_id must be the 32":             {"token_id": strings.ToUpper(lease.Data["token_id"].(string))},
	} {
		status, text := m.Refused(logical.UpdateOperation, "lookup", data)
		if status != 400 || !strings.Contains(text, says) || strings.Contains(text, backendtest.Canary) ||
			strings.Contains(text, backendtest.Token(lease)) {
			t.Errorf("%.60v: %d %.300s; want 400 and %q", data, status, text, says)
		}
	}
	said := fmt.Sprint(m.lookup("access_token", backendtest.Token(lease)),
		m.lookup("access_token", backendtest.Canary+"unknown"))
	if strings.Contains(said, backendtest.Token(lease)) || strings.Contains(said, backendtest.Canary) ||
		strings.Contains(said, m.Secret) {
		t.Errorf("the answer holds a secret: %s", said)
	}
	if log := m.Log.String(); strings.Contains(log, backendtest.Canary) ||
		strings.Contains(log, backendtest.Token(lease)) {
		t.Error("the log holds a secret")
	}
	if resp, err := m.Do(logical.ReadOperation, "lookup", nil); err == nil && !resp.IsError() {
		t.Error("lookup can be read, with the token in the URL")
	}
}
