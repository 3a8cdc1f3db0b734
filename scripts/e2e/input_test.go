package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// A mistake is a request that must be refused without a call to Paxos.
type mistake struct {
	method, path, body string
	status             int    // 0: any 4xx
	says               string // a part of the answer
}

// megabyte is a text just below the longest JSON string that Vault accepts.
const megabyte = 1<<20 - 100

// manyScopes returns a JSON array with this number of scopes.
func manyScopes(count int) string {
	scopes := make([]string, count)
	for i := range scopes {
		scopes[i] = fmt.Sprintf("funding:scope_%d", i)
	}
	text, _ := json.Marshal(scopes) // strings can always be encoded
	return string(text)
}

// mistakes are wrong requests to a configured mount with a role called app.
var mistakes = map[string]mistake{
	"unknown role":           {http.MethodGet, "creds/nobody", "", 400, `nobody`},
	"unknown role, unleased": {http.MethodGet, "token/nobody", "", 400, `nobody`},
	"unknown role, rotated":  {http.MethodPost, "roles/nobody/rotate", "", 400, `nobody`},
	"another case":           {http.MethodGet, "creds/APP", "", 400, `APP`},
	"dots in a name":         {http.MethodGet, "creds/a..b", "", 400, "name must"},
	"a way up":               {http.MethodGet, "creds/../config", "", 0, ""},
	"an encoded way up":      {http.MethodGet, "creds/%2e%2e%2fconfig", "", 0, ""},
	"an encoded slash":       {http.MethodGet, "creds/app%2fx", "", 0, ""},
	"an encoded NUL":         {http.MethodGet, "creds/app%00", "", 0, ""},
	"an encoded line break":  {http.MethodGet, "creds/app%0a", "", 0, ""},
	"unicode":                {http.MethodGet, "creds/" + url.PathEscape("rôle-é中"), "", 400, "name must"},
	"a space":                {http.MethodGet, "creds/my%20app", "", 400, "name must"},
	"a leading space":        {http.MethodGet, "creds/%20app", "", 0, ""},
	"a long name":            {http.MethodGet, "creds/" + strings.Repeat("a", 5000), "", 400, "name must"},
	"a role of a bad name": {http.MethodPost, "roles/my%20app", `{"scopes":["funding:read_profile"]}`, 400,
		"name must"},
	"a role with a way up": {http.MethodPost, "roles/..", `{"scopes":["funding:read_profile"]}`, 0, ""},
	"10,000 scopes": {http.MethodPost, "roles/many", `{"scopes":` + manyScopes(10_000) + `}`, 400,
		"scopes"},
	"999 scopes": {http.MethodPost, "roles/many", `{"scopes":` + manyScopes(999) + `}`, 400,
		"scopes"},
	"a scope of 1 MB": {http.MethodPost, "roles/large",
		`{"scopes":"funding:` + strings.Repeat("x", megabyte) + `"}`, 400, "scopes"},
	"a value of 1 MB": {http.MethodPost, "config",
		`{"client_secret":"` + strings.Repeat("x", megabyte) + `"}`, 400, "client_secret"},
	"a role without scopes": {http.MethodPost, "roles/empty", `{}`, 400, "scopes"},
	"narrowed to nothing":   {http.MethodPost, "creds/app", `{"scopes":""}`, 400, "scopes"},
	"narrowed to no array":  {http.MethodPost, "creds/app", `{"scopes":[]}`, 400, "scopes"},
	"narrowed to null":      {http.MethodPost, "creds/app", `{"scopes":null}`, 400, "scopes"},
	"narrowed to blanks":    {http.MethodPost, "creds/app", `{"scopes":" "}`, 400, "scopes"},
	"narrowed to a number":  {http.MethodPost, "creds/app", `{"scopes":7}`, 400, "scopes"},
	"widened": {http.MethodPost, "creds/app", `{"scopes":"transfer:read_transfer"}`, 400,
		"scopes"},
	"unleased, narrowed to blanks": {http.MethodPost, "token/app", `{"scopes":" "}`, 400, "scopes"},
	"unleased with a ttl":          {http.MethodPost, "token/app", `{"ttl":"5m"}`, 400, "ttl"},
	"a ttl of zero":                {http.MethodPost, "creds/app", `{"ttl":0}`, 400, "ttl"},
	"a negative ttl":               {http.MethodPost, "creds/app", `{"ttl":-5}`, 400, "ttl"},
	"a misspelt parameter": {http.MethodPost, "creds/app", `{"scope":"funding:read_profile"}`, 400,
		"Unknown parameter"},
	"a misspelt role parameter": {http.MethodPost, "roles/app", `{"tll":"5m"}`, 400, "Unknown parameter"},
	"a body that is no object":  {http.MethodPost, "creds/app", `[]`, 400, ""},
	"HEAD":                      {http.MethodHead, "creds/app", "", 0, ""},
	"LIST":                      {"LIST", "creds/app", "", 0, ""},
	"a read with list=true":     {http.MethodGet, "creds/app?list=true", "", 0, ""},
	"PATCH":                     {http.MethodPatch, "creds/app", `{"scopes":"funding:read_profile"}`, 0, ""},
	"DELETE":                    {http.MethodDelete, "creds/app", "", 0, ""},
	"GET with scopes":           {http.MethodGet, "creds/app?scopes=funding:read_profile", "", 400, ""},
	"GET with a ttl":            {http.MethodGet, "creds/app?ttl=1m", "", 400, ""},
	"GET with what is unknown":  {http.MethodGet, "creds/app?x=y", "", 400, ""},
	"unleased GET with scopes":  {http.MethodGet, "token/app?scopes=funding:read_profile", "", 400, ""},
	"unleased HEAD":             {http.MethodHead, "token/app", "", 0, ""},
	"unleased LIST":             {"LIST", "token/app", "", 0, ""},
	"a path that is not there":  {http.MethodGet, "nothing", "", 404, ""},
	"another URL under the secret": {http.MethodPost, "config/connection",
		`{"token_url":"http://127.0.0.1:1/oauth2/token"}`, 400, "token_url"},
	"a URL of a metadata service": {http.MethodPost, "config/connection",
		`{"api_url":"http://169.254.169.254/v2"}`, 400, "api_url"},
	"another environment": {http.MethodPost, "config", `{"environment":"production"}`, 400, "environment"},
	"another client":      {http.MethodPost, "config", `{"client_id":"somebody-else"}`, 400, "client_id"},
}

// TestMistakesAreRefusedWithoutAskingPaxos sends each of the mistakes.
func TestMistakesAreRefusedWithoutAskingPaxos(t *testing.T) {
	server := own(t)
	m := newMount(t, server, paxostest.Options{})
	m.role("app", map[string]any{"ttl": "5m"}, profiles)
	before, plugin := m.paxos.TotalCalls(), m.pluginPIDs()
	for name, wrong := range mistakes {
		t.Run(name, func(t *testing.T) { m.expectRefused(t, wrong) })
	}
	if got := m.paxos.TotalCalls(); got != before {
		t.Errorf("Paxos was called %d times", got-before)
	}
	if after := m.pluginPIDs(); !slices.Equal(after, plugin) {
		t.Errorf("the plugin ran as %v and runs as %v", plugin, after)
	}
	m.expectIssued(0)
	m.expectAlive(token(m.read("creds/app")), true) // nothing has changed the mount
}

// expectRefused sends the request and checks that it is refused as it should be.
func (m *mount) expectRefused(t *testing.T, wrong mistake) {
	calls := m.paxos.TotalCalls()
	status, answer := m.send(wrong.method, wrong.path, wrong.body)
	switch {
	case wrong.status != 0 && status != wrong.status:
		t.Errorf("status %d, want %d: %.300s", status, wrong.status, answer)
	case status < 300 || status >= 500: // Vault answers some paths with a redirect
		t.Errorf("status %d: %.300s", status, answer)
	case !strings.Contains(answer, wrong.says):
		t.Errorf("the answer does not say %q: %.300s", wrong.says, answer)
	}
	if m.paxos.TotalCalls() != calls {
		t.Error("Paxos was called")
	}
}

// pluginPIDs returns the process ids of the plugin.
func (m *mount) pluginPIDs() []int {
	m.Helper()
	pids, err := m.server.PluginPIDs()
	if err != nil || len(pids) == 0 {
		m.Fatalf("the plugin runs as %v, %v", pids, err)
	}
	return pids
}

// TestUnconfiguredMountSaysWhatIsMissing configures a mount step by step, and checks the error
// before each step.
func TestUnconfiguredMountSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	m := newBareMount(t, shared(t), paxostest.Options{})
	m.role("app", nil, profiles)
	m.expectRefused(t, mistake{http.MethodGet, "creds/app", "", 400, "config"})
	m.expectRefused(t, mistake{http.MethodGet, "token/app", "", 400, "config"})
	m.expectRefused(t, mistake{http.MethodGet, "config", "", 404, ""})
	m.expectRefused(t, mistake{http.MethodPost, "config", `{"environment":"custom"}`, 400, "connection"})
	m.write("config/connection", m.connection())
	m.write("config", map[string]any{"environment": "custom"})
	m.expectRefused(t, mistake{http.MethodGet, "creds/app", "", 400, "client_secret"})
	if status, answer := m.send(http.MethodGet, "status", ""); status != http.StatusOK {
		t.Errorf("status answers %d: %s", status, answer)
	}
}
