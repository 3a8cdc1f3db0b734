package backend_test

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
)

// oddValue is a text of a caller that must not be in an answer as it is: it has control characters, and
// what looks like the mark of the mount's path.
const oddValue = backendtest.Canary + "\n\x1b[31m<mount>/"

// oddValues are what callers may send for any parameter.
func oddValues() []any {
	return []any{nil, true, -1, 7, 1e99, "", " ", "-1", "true", "9999999h", "*", "a=b", "a:b", "x", oddValue,
		backendtest.Canary, backendtest.Canary + ":x", strings.Repeat(backendtest.Canary, 20000),
		strings.Repeat("é", 30), "\xff" + backendtest.Canary, []any{oddValue}, []any{[]any{backendtest.Canary}}, []any{},
		map[string]any{backendtest.Canary: oddValue}, map[string]any{"USDC": backendtest.Canary},
		map[string]any{oddValue: "1"}}
}

// secretParameters are those whose value no answer may repeat, whatever is wrong with it.
var secretParameters = []string{"client_secret", "proxy_password", "access_token", "token_id", "rejected_token_id",
	"body", "path"}

// newOddMount returns a mount that has an entry of each kind, called x.
func newOddMount(t *testing.T) *mount {
	t.Helper()
	m := newInProcessMount(t)
	m.ConfigureWithRole()
	m.Must(logical.UpdateOperation, "roles/x", map[string]any{"scopes": "funding:read_profile"})
	m.Must(logical.UpdateOperation, "scope-sets/x", map[string]any{"scopes": "funding:read_profile"})
	m.Must(logical.UpdateOperation, "keys/x", nil)
	m.Must(logical.UpdateOperation, "signers/x", map[string]any{"key": "x", "operations": "CreateCryptoWithdrawal",
		"sources": "*", "destinations": "*", "limits": "USDC=100"})
	m.Must(logical.UpdateOperation, "clients/x", m.newClient())
	return m
}

// oddPaths are the paths of the mount with an entry that there is and with one that there is not, each with
// its parameters and operations.
func (m *mount) oddPaths() map[string]map[logical.Operation][]string {
	m.T.Helper()
	methods := map[string]logical.Operation{"get": logical.ReadOperation, "post": logical.UpdateOperation,
		"patch": logical.PatchOperation, "delete": logical.DeleteOperation}
	all := map[string]map[logical.Operation][]string{}
	for pattern, item := range m.Help("").Data["openapi"].(map[string]any)["paths"].(map[string]any) {
		operations := map[logical.Operation][]string{}
		for method, operation := range methods {
			described, ok := item.(map[string]any)[method].(map[string]any)
			if !ok {
				continue
			}
			if strings.HasSuffix(pattern, "/") {
				operation = logical.ListOperation
			}
			operations[operation] = namesIn(described)
		}
		for _, name := range []string{"x", "absent", "odd name", "..", "é"} {
			path := regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(strings.TrimPrefix(pattern, "/"), name)
			all[path] = operations
		}
	}
	return all
}

// required are parameters without which a write of the path is refused before the others are looked at.
func (m *mount) required(path string) map[string]any {
	kind, name, _ := strings.Cut(path, "/")
	switch {
	case path == "config/connection", path == "config/guardrails", path == "config/resume", kind == "report":
	case kind == "roles" && !strings.Contains(name, "/"):
		return map[string]any{"scopes": "funding:read_profile"}
	case kind == "clients" && !strings.Contains(name, "/"):
		return map[string]any{"client_id": m.Client.ClientID, "client_secret": m.Secret, "purpose": "mint",
			"scopes": "funding:read_profile", "verify_connection": false}
	case kind == "signers":
		return map[string]any{"key": "x", "operations": "CreateCryptoWithdrawal", "limits": "USDC=100"}
	case kind == "exceptions":
		return maps.Clone(urlException)
	case kind == "sign":
		return map[string]any{"method": "POST", "path": withdrawals, "body": withdrawal("a", "1")}
	case path == "config":
		return map[string]any{"client_id": m.Client.ClientID, "client_secret": m.Secret}
	case kind == "config", strings.HasSuffix(path, "/rotate") && kind == "clients":
		return map[string]any{"client_id": m.Client.ClientID, "client_secret": backendtest.Canary,
			"verify_connection": false}
	}
	return map[string]any{}
}

// namesIn are the names of the parameters of an operation of the OpenAPI document.
func namesIn(described map[string]any) []string {
	names := []string{"unknown_parameter"}
	parameters, _ := described["parameters"].([]any)
	for _, parameter := range parameters {
		names = append(names, parameter.(map[string]any)["name"].(string))
	}
	if body, ok := described["requestBody"].(map[string]any); ok {
		schema := body["content"].(map[string]any)["application/json"].(map[string]any)["schema"].(map[string]any)
		names = append(names, slices.Collect(maps.Keys(schema["properties"].(map[string]any)))...)
	}
	slices.Sort(names)
	return names
}

// TestOddValues sends odd values for every parameter of every path. What the caller gets is made of
// sentences, has no control character, no unfilled mark of the mount's path and no value of a parameter that
// may be a secret, and it is no error of the server.
func TestOddValues(t *testing.T) {
	t.Parallel()
	requests := 0
	for path, operations := range newOddMount(t).oddPaths() {
		m := newOddMount(t) // what one path has deleted is there for the next one
		for operation, parameters := range operations {
			m.sendOdd(operation, path, "", nil)
			for _, parameter := range parameters {
				for _, value := range oddValues() {
					for _, data := range []map[string]any{{}, m.required(path)} {
						data[parameter] = value
						m.sendOdd(operation, path, parameter, data)
						requests++
					}
				}
			}
		}
		if log := m.Log.String(); strings.Contains(log, backendtest.Canary+"\\n") || strings.Contains(log, "panicked") {
			t.Errorf("%s: the log holds a value of a request, or a panic", path)
		}
	}
	t.Logf("%d requests", requests)
	if requests < 20000 {
		t.Errorf("only %d requests were sent", requests)
	}
}

// sendOdd sends one request and checks the texts of its answer.
func (m *mount) sendOdd(operation logical.Operation, path, parameter string, data map[string]any) {
	m.T.Helper()
	resp, err := m.Do(operation, path, data)
	var texts []string
	if resp != nil && !resp.IsError() {
		texts = resp.Warnings
	}
	status := http.StatusOK
	if err != nil || resp.IsError() {
		var problem error
		status, problem = logical.RespondErrorCommon(&logical.Request{Operation: operation}, resp, err)
		logical.AdjustErrorStatusCode(&status, problem)
		if problem != nil {
			texts = append(texts, problem.Error())
		}
	}
	sent := fmt.Sprintf("%s %s %s: %.80q", operation, path, parameter, fmt.Sprint(data[parameter]))
	if status >= 500 && status != http.StatusBadGateway {
		m.T.Errorf("%s: %d %v", sent, status, texts)
	}
	for _, text := range texts {
		if problem := oddText(text, parameter); problem != "" {
			m.T.Errorf("%s: %d: %s: %q", sent, status, problem, text)
		}
	}
}

// oddText says what is wrong with a text for the caller; empty if nothing is.
func oddText(text, parameter string) string {
	switch {
	case slices.Contains(vaultsOwnTexts, text):
	case strings.ContainsFunc(text, unicode.IsControl):
		return "it has a control character"
	case strings.Contains(strings.ReplaceAll(text, `[31m<mount>/`, ""), "<mount>"):
		return "it has the mark of the mount's path"
	case !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "?"):
		return "it does not end with a full stop"
	case slices.Contains(secretParameters, parameter) && strings.Contains(text, backendtest.Canary):
		return "it repeats what may be a secret"
	case len(text) > 2000:
		return fmt.Sprintf("it has %d characters", len(text))
	}
	return ""
}

// vaultsOwnTexts are errors that Vault makes.
var vaultsOwnTexts = []string{logical.ErrUnsupportedOperation.Error(), logical.ErrUnsupportedPath.Error()}
