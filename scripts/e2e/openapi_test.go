package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// A document has those parts of an OpenAPI document that the test checks.
type document struct {
	Paths      map[string]map[string]json.RawMessage `json:"paths"`
	Components struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
}

// An operation is one method of a path.
type operation struct {
	Summary     string `json:"summary"`
	OperationID string `json:"operationId"`
	Responses   map[string]struct {
		Content map[string]struct {
			Schema schema `json:"schema"`
		} `json:"content"`
	} `json:"responses"`
}

// A schema describes a body.
type schema struct {
	Reference  string                     `json:"$ref"`
	Properties map[string]json.RawMessage `json:"properties"`
}

// properties returns the properties of a schema, which may refer to another one.
func (d document) properties(s schema) map[string]json.RawMessage {
	if s.Reference != "" {
		return d.Components.Schemas[s.Reference[strings.LastIndex(s.Reference, "/")+1:]].Properties
	}
	return s.Properties
}

// TestEveryOperationIsDescribed checks the OpenAPI document that Vault generates for the mount.
func TestEveryOperationIsDescribed(t *testing.T) {
	t.Parallel()
	m := newBareMount(t, shared(t), paxostest.Options{})
	m.role("app", nil, profiles)
	status, answer := m.send(http.MethodGet, "?help=1", "")
	if status != http.StatusOK {
		t.Fatalf("status %d: %.300s", status, answer)
	}
	var help struct {
		OpenAPI document `json:"openapi"`
	}
	if err := json.Unmarshal([]byte(answer), &help); err != nil {
		t.Fatal(err)
	}
	described := 0
	for path, methods := range help.OpenAPI.Paths {
		for _, method := range []string{"get", "post", "patch", "put", "delete"} {
			if raw, ok := methods[method]; ok {
				described++
				help.OpenAPI.expectDescribed(t, method+" "+path, raw)
			}
		}
	}
	if described < 15 {
		t.Errorf("only %d operations of %d paths are in the document", described, len(help.OpenAPI.Paths))
	}
}

// expectDescribed checks the description of one operation.
func (d document) expectDescribed(t *testing.T, name string, raw json.RawMessage) {
	var o operation
	if err := json.Unmarshal(raw, &o); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if o.Summary == "" || o.OperationID == "" || len(o.Responses) == 0 {
		t.Errorf("%s has no summary, no operationId or no response: %s", name, raw)
	}
	answer, ok := o.Responses["200"]
	if !ok || name == "get /metrics" { // its answer is text, not JSON
		return
	}
	if len(answer.Content) == 0 {
		t.Errorf("%s answers 200 with nothing: %s", name, raw)
	}
	for _, content := range answer.Content {
		if len(d.properties(content.Schema)) == 0 {
			t.Errorf("%s answers 200 with a schema without properties: %s", name, raw)
		}
	}
}
