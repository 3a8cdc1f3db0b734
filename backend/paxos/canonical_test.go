package paxos_test

import (
	"testing"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// TestCanonicalURL checks which spellings are one endpoint, and which are not.
func TestCanonicalURL(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://oauth.paxos.com/oauth2/token":       "https://oauth.paxos.com/oauth2/token",
		"HTTPS://OAuth.Paxos.com/oauth2/token":       "https://oauth.paxos.com/oauth2/token",
		"https://oauth.paxos.com:443/oauth2/token":   "https://oauth.paxos.com/oauth2/token",
		"https://oauth.paxos.com.:443/oauth2//token": "https://oauth.paxos.com/oauth2/token",
		"https://oauth.paxos.com:8443/oauth2/token":  "https://oauth.paxos.com:8443/oauth2/token",
		"https://oauth.paxos.com/OAuth2/token":       "https://oauth.paxos.com/OAuth2/token",
		"http://127.0.0.1:80/oauth2/token":           "http://localhost/oauth2/token",
		"http://[::1]:8080/oauth2/token":             "http://localhost:8080/oauth2/token",
		"http://LocalHost:08080/oauth2/token":        "http://localhost:8080/oauth2/token",
		"https://[2001:DB8:0::1]/oauth2/token":       "https://[2001:db8::1]/oauth2/token",
		"https://[2001:db8::1]:444/oauth2/token":     "https://[2001:db8::1]:444/oauth2/token",
		"token endpoint":                             "token endpoint",
		"":                                           "",
	} {
		if got := paxos.CanonicalURL(address); got != want {
			t.Errorf("%s is %s, want %s", address, got, want)
		}
	}
}

// TestSpellingsAndSecrets checks that the route of calls is the same however an address is spelt,
// while a secret stays bound to the very text that it was verified over.
func TestSpellingsAndSecrets(t *testing.T) {
	t.Parallel()
	one := paxos.Settings{Endpoints: paxos.Endpoints{TokenURL: "https://a.example/token",
		RevokeURL: "https://a.example/revoke", APIURL: "https://a.example/v2"}, ProxyURL: "http://proxy:80"}
	other := one
	other.TokenURL, other.ProxyURL = "https://A.example:443/token", "http://PROXY"
	if one.Route() != other.Route() {
		t.Error("two spellings are two ways")
	}
	if one.Fingerprint() == other.Fingerprint() {
		t.Error("a secret goes with another spelling than it was verified over")
	}
	other.ProxyURL = ""
	if one.Route() == other.Route() {
		t.Error("the route through a proxy is the one without it")
	}
}
