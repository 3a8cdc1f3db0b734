package main

import (
	"testing"

	"vault-plugin-secrets-paxos/scripts/docs/page"
)

// TestHiddenFailure checks which blocks that went on after a failure are said to have failed.
func TestHiddenFailure(t *testing.T) {
	t.Parallel()
	const vaultError = "Error reading paxos/x: Error making API request.\n"
	for name, test := range map[string]struct {
		kind                   page.Kind
		text, output, failures string
		want                   bool
	}{
		"nothing": {page.Run, "vault read x", "Key Value\n", "", false},
		"inside another command": {page.Run, `echo "$(vault read x)"`, "No value found\n",
			"vault read x (status 2)\n", true},
		"printed":             {page.Run, "x", "a\n" + vaultError, "", true},
		"in a sentence":       {page.Run, "x", "Errors: Error 1\n", "", false},
		"of the API of Vault": {page.Run, "curl $VAULT_ADDR/v1/x", `{"errors":["permission denied"]}`, "", true},
		"of Paxos": {page.Run, "curl https://api.paxos.com/v2/x",
			`{"type":"about:blank","title":"Unauthorized","status":401,"detail":""}`, "", true},
		"of Paxos's OAuth server": {page.Run, "curl https://oauth.paxos.com/oauth2/token",
			`{"error":"invalid_client"}`, "", true},
		"an answer of Paxos": {page.Run, "curl https://api.paxos.com/v2/x",
			`{"type":"x","title":"y","status":"OK"}`, "", false},
		"in a condition":          {page.Run, "if vault read x; then y; fi", vaultError, "vault read x", false},
		"in a loop":               {page.Run, "until vault read x; do sleep 1; done", vaultError, "vault read x", false},
		"allowed":                 {page.Run, "vault read x || true", vaultError, "vault read x", false},
		"a word like a condition": {page.Run, "vault read iffy", "", "vault read iffy", true},
		"hidden":                  {page.Hidden, "await vault read x", "", "vault read x", false},
	} {
		b := &page.Block{Kind: test.kind, Text: test.text}
		if got := hiddenFailure(b, test.output, test.failures); (got != "") != test.want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := hiddenFailure(&page.Block{Kind: page.Run, Fails: true}, vaultError, "vault read x"); got != "" {
		t.Errorf("a block that must fail: %q", got)
	}
}
