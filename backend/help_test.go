package backend_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
)

// TestHelpForSeveralAtOnce asks for the OpenAPI document several times at once. Completing one document must
// not change what the paths declare, which all documents are made from.
func TestHelpForSeveralAtOnce(t *testing.T) {
	t.Parallel()
	m := newInProcessMount(t)
	first, err := json.Marshal(m.Help("").Data["openapi"])
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 2 {
				resp, err := m.Backend.HandleRequest(context.Background(),
					&logical.Request{Operation: logical.HelpOperation, Storage: m.Storage})
				if err != nil {
					t.Error(err)
					return
				}
				if again, err := json.Marshal(resp.Data["openapi"]); err != nil || !bytes.Equal(again, first) {
					t.Errorf("another document has %d bytes, the first one %d: %v", len(again), len(first), err)
				}
			}
		})
	}
	all.Wait()
}

// TestSecretsAreDocumentedAsSensitive checks the mark by which a user interface hides what is typed.
func TestSecretsAreDocumentedAsSensitive(t *testing.T) {
	t.Parallel()
	found := 0
	paths := newInProcessMount(t).Help("").Data["openapi"].(map[string]any)["paths"].(map[string]any)
	for path, item := range paths {
		for _, method := range []string{"post", "patch"} {
			operation, _ := item.(map[string]any)[method].(map[string]any)
			body, ok := operation["requestBody"].(map[string]any)
			if !ok {
				continue
			}
			schema := body["content"].(map[string]any)["application/json"].(map[string]any)["schema"].(map[string]any)
			for name, property := range schema["properties"].(map[string]any) {
				shown, _ := property.(map[string]any)["x-vault-displayAttrs"].(map[string]any)
				want := slices.Contains([]string{"client_secret", "proxy_password", "access_token"}, name)
				if sensitive, _ := shown["sensitive"].(bool); sensitive != want {
					t.Errorf("%s %s: %s is sensitive: %v", method, path, name, sensitive)
				}
				if want {
					found++
				}
			}
		}
	}
	if found < 9 {
		t.Errorf("only %d secrets were found", found)
	}
}
