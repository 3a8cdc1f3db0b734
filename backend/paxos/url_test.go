package paxos_test

import (
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// TestParseURL checks which addresses of endpoints are accepted, and the error for each other one.
func TestParseURL(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{ // part of the error; empty if there is none
		"https://oauth.paxos.com/oauth2/token":  "",
		"https://api.paxos.com":                 "",
		"https://api.paxos.com:8443/v2":         "",
		"HTTPS://API.PAXOS.COM/v2":              "",
		"https://10.0.0.1/v2":                   "",
		"https://127.0.0.1/v2":                  "",
		"https://[2001:db8::1]:8443/v2":         "",
		"http://127.0.0.1:8080/v2":              "",
		"http://127.9.9.9/v2":                   "",
		"http://[::1]:8080/v2":                  "",
		"http://localhost:8080/v2":              "",
		"http://LOCALHOST/v2":                   "",
		"":                                      "missing",
		"oauth.paxos.com/oauth2/token":          "https://host/path",
		"//oauth.paxos.com/oauth2/token":        "must use https",
		"https:///oauth2/token":                 "https://host/path",
		"https://:443/oauth2/token":             "https://host/path",
		"https:oauth.paxos.com":                 "https://host/path",
		"https://bad host/":                     "https://host/path",
		"https://host\r\nx/":                    "https://host/path",
		"https://host/%zz":                      "https://host/path",
		"https://[::1/v2":                       "https://host/path",
		"http://oauth.paxos.com/oauth2/token":   "must use https; http",
		"http://localhost.paxos.com/v2":         "must use https; http",
		"http://localhost./v2":                  "must use https; http",
		"http://127.1/v2":                       "must use https; http",
		"http://10.0.0.1/v2":                    "must use https; http",
		"ftp://paxos.com/v2":                    "must use https",
		"unix://paxos/v2":                       "must use https",
		"https://user@paxos.com/v2":             "user name",
		"https://user:pass@paxos.com/v2":        "user name",
		"https://paxos.com/v2?x=1":              "query",
		"https://paxos.com/v2?":                 "query",
		"https://paxos.com/v2#x":                "query",
		"https://paxos.com/v2#":                 "query",
		"https://paxos.com/v2/":                 "slash",
		"https://paxos.com/":                    "slash",
		"https://paxos.com/a/../b":              "plain path",
		"https://paxos.com/a%2Fb":               "plain path",
		"https://paxos.com/a b":                 "plain path",
		"https://169.254.169.254/latest":        "never connects to",
		"https://[fe80::1]/v2":                  "never connects to",
		"https://[fe80::1%25eth0]/v2":           "never connects to",
		"https://[::ffff:169.254.169.254]/v2":   "never connects to",
		"https://[64:ff9b::169.254.169.254]/v2": "never connects to",
		"https://[fd00:ec2::254]/v2":            "never connects to",
		"https://0.0.0.0/v2":                    "never connects to",
		"https://[::]/v2":                       "never connects to",
		"https://224.0.0.1/v2":                  "never connects to",
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			_, err := paxos.ParseURL("token_url", address)
			switch {
			case want == "" && err != nil:
				t.Errorf("got %v", err)
			case want != "" && (err == nil || !strings.Contains(err.Error(), want) ||
				!strings.HasPrefix(err.Error(), "token_url ")):
				t.Errorf("got %v, want %q about token_url", err, want)
			case err != nil && strings.Contains(err.Error(), "user:pass"):
				t.Errorf("the complaint repeats the password: %v", err)
			}
		})
	}
}

// TestParseProxyURL checks which addresses of proxies are accepted.
func TestParseProxyURL(t *testing.T) {
	t.Parallel()
	for address, valid := range map[string]bool{
		"http://proxy.example:3128": true, "https://proxy.example": true, "http://127.0.0.1:3128/": true,
		"": false, "proxy.example:3128": false, "socks5://proxy.example": false, "http://": false,
		"http://:3128":                   false,
		"http://user:pass@proxy.example": false, "http://proxy.example/path": false,
		"http://proxy.example?x": false, "http://proxy.example#x": false, "http://proxy example": false,
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			_, err := paxos.ParseProxyURL(address)
			if valid != (err == nil) || err != nil && strings.Contains(err.Error(), "pass@") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestConnect checks that settings which cannot work, or would expose the secret, are refused with an
// error that names the setting.
func TestConnect(t *testing.T) {
	t.Parallel()
	local := endpoints("http://127.0.0.1:1")
	for name, test := range map[string]struct {
		settings paxos.Settings
		want     string
	}{
		"production":  {paxos.Settings{Endpoints: paxos.Production}, ""},
		"the sandbox": {paxos.Settings{Endpoints: paxos.Sandbox}, ""},
		"nothing":     {paxos.Settings{}, "_url is missing"},
		"no revocation": {paxos.Settings{Endpoints: paxos.Endpoints{TokenURL: local.TokenURL,
			APIURL: local.APIURL}}, "revoke_url is missing"},
		"an empty bundle":        {paxos.Settings{Endpoints: paxos.Production, TrustedCA: "x"}, "override_trusted_ca"},
		"a proxy without scheme": {paxos.Settings{Endpoints: paxos.Production, ProxyURL: "proxy:1"}, "proxy_url"},
		"a proxy and plain http": {paxos.Settings{Endpoints: local, ProxyURL: "http://proxy"},
			"the proxy would see the secret"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := paxos.Connect(test.settings, atNoon)
			if test.want == "" && err != nil ||
				test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// TestFingerprint checks that the fingerprint, which a secret is bound to, changes with every setting
// that decides which server gets the secret, and with no other.
func TestFingerprint(t *testing.T) {
	t.Parallel()
	base := paxos.Settings{Endpoints: paxos.Production, TrustedCA: "bundle"}
	seen := map[string]bool{base.Fingerprint(): true}
	for _, edit := range []func(*paxos.Settings){
		func(s *paxos.Settings) { s.TokenURL += "x" }, func(s *paxos.Settings) { s.RevokeURL += "x" },
		func(s *paxos.Settings) { s.APIURL += "x" }, func(s *paxos.Settings) { s.TrustedCA += "x" },
		func(s *paxos.Settings) { s.TrustedCA = "" },
	} {
		changed := base
		edit(&changed)
		if seen[changed.Fingerprint()] {
			t.Errorf("%+v has a fingerprint seen before", changed)
		}
		seen[changed.Fingerprint()] = true
	}
	proxied := base
	proxied.ProxyURL, proxied.Timeout = "http://proxy", 1
	if !seen[proxied.Fingerprint()] {
		t.Error("the way to Paxos changes the fingerprint of where it leads")
	}
}

// TestCanonicalURL checks which spellings count as the same endpoint.
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

// TestSpellingsAndSecrets checks that the route of calls does not depend on how an address is spelt,
// while a secret stays bound to the exact text of the URLs it was verified over.
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
		t.Error("the way through a proxy is the one without it")
	}
}
