package main

import "testing"

// newTestTranslation returns a translation as the scripts of a page make it.
func newTestTranslation() *translation {
	names := newTranslation("http://127.0.0.1:41234")
	for _, environment := range []string{"", ".sandbox"} {
		names.set("https://oauth"+environment+".paxos.com", "http://127.0.0.1:35000")
		names.set("https://api"+environment+".paxos.com", "http://localhost:35000")
		names.set("oauth"+environment+".paxos.com", "127.0.0.1:35000")
		names.set("api"+environment+".paxos.com", "localhost:35000")
	}
	return names
}

// TestToRun checks what of a block is replaced, and what is not.
func TestToRun(t *testing.T) {
	t.Parallel()
	names := newTestTranslation()
	for page, want := range map[string]string{
		"vault write paxos/config environment=sandbox x=y": "vault write paxos/config environment=custom x=y",
		"vault write paxos/config environment=production":  "vault write paxos/config environment=custom",
		`{"environment": "production", "a": 1}`:            `{"environment": "custom", "a": 1}`,
		"environment=sandboxes":                            "environment=sandboxes",
		"vault policy write sandbox production.hcl":        "vault policy write sandbox production.hcl",
		"curl https://api.sandbox.paxos.com/v2/profiles":   "curl http://localhost:35000/v2/profiles",
		"curl https://api.paxos.com/v2/profiles":           "curl http://localhost:35000/v2/profiles",
		"curl https://oauth.paxos.com/oauth2/token":        "curl http://127.0.0.1:35000/oauth2/token",
		"nc oauth.sandbox.paxos.com":                       "nc 127.0.0.1:35000",
		"curl https://docs.paxos.com":                      "curl https://docs.paxos.com",
		"export VAULT_ADDR=http://127.0.0.1:8200":          "export VAULT_ADDR=http://127.0.0.1:41234",
		"curl http://127.0.0.1:8300":                       "curl http://127.0.0.1:8300",
	} {
		if got := names.toRun(page); got != want {
			t.Errorf("%q becomes %q, want %q", page, got, want)
		}
	}
}

// TestToPage checks that answers have the environment and the addresses of the page.
func TestToPage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ written, run, want string }{
		{"", "environment    custom", "environment    sandbox"},
		{"environment=sandbox", "environment    custom", "environment    sandbox"},
		{"environment=production", "environment    custom", "environment    production"},
		{"environment=production", `"environment": "custom"`, `"environment": "production"`},
		{"environment=production", "(environment: custom)", "(environment: production)"},
		{"environment=production", "custom_metadata map[]", "custom_metadata map[]"},
		{"environment=production", "for environment=customs", "for environment=customs"},
		{"environment=custom", "environment    custom", "environment    custom"},
		{"", "api_url http://localhost:35000/v2", "api_url https://api.sandbox.paxos.com/v2"},
		{"environment=production", "api_url http://localhost:35000/v2", "api_url https://api.paxos.com/v2"},
		{"environment=production", "Could not reach Paxos at 127.0.0.1:35000", "Could not reach Paxos at oauth.paxos.com"},
		{"", "URL: GET http://127.0.0.1:41234/v1/x", "URL: GET http://127.0.0.1:8200/v1/x"},
		{"", "127.0.0.1:35001", "127.0.0.1:35001"},
	} {
		names := newTestTranslation()
		names.toRun(test.written)
		if got := names.toPage(test.run); got != test.want {
			t.Errorf("after %q, %q becomes %q, want %q", test.written, test.run, got, test.want)
		}
	}
}

// TestLatestName checks that a text of the page stands for what was said last.
func TestLatestName(t *testing.T) {
	t.Parallel()
	names := newTestTranslation()
	names.set("https://oauth.sandbox.paxos.com", "http://127.0.0.1:36000")
	if got := names.toRun("https://oauth.sandbox.paxos.com"); got != "http://127.0.0.1:36000" {
		t.Errorf("it becomes %q", got)
	}
}
