package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// A parameterDocument describes a parameter in the path or in the query.
type parameterDocument struct {
	Name        string         `json:"name"`
	In          string         `json:"in"`
	Description string         `json:"description"`
	Required    bool           `json:"required"`
	Schema      schemaDocument `json:"schema"`
}

// A pathDocument describes a path.
type pathDocument struct {
	Parameters []parameterDocument `json:"parameters"`
	Get        *operationDocument  `json:"get"`
	Post       *operationDocument  `json:"post"`
	Patch      *operationDocument  `json:"patch"`
	Delete     *operationDocument  `json:"delete"`
}

// An operationDocument describes one method of a path.
type operationDocument struct {
	Summary     string                  `json:"summary"`
	OperationID string                  `json:"operationId"`
	Parameters  []parameterDocument     `json:"parameters"`
	RequestBody *bodyDocument           `json:"requestBody"`
	Responses   map[string]bodyDocument `json:"responses"`
}

// A bodyDocument describes a request or an answer by its media type.
type bodyDocument struct {
	Required bool `json:"required"`
	Content  map[string]struct {
		Schema schemaDocument `json:"schema"`
	} `json:"content"`
}

// A schemaDocument describes a value.
type schemaDocument struct {
	Type        string                    `json:"type"`
	Description string                    `json:"description"`
	Properties  map[string]schemaDocument `json:"properties"`
	Required    []string                  `json:"required"`
	Items       *schemaDocument           `json:"items"`
	Enum        []any                     `json:"enum"`
	Default     any                       `json:"default"`
	Example     any                       `json:"example"`
}

// suffix is how the description of every parameter ends.
var suffix = regexp.MustCompile(` (Required|Default: .+)\. Example: .+\.$`)

// TestEveryOperationIsDescribed checks the OpenAPI document that clients read: Vault makes it of all
// mounts, and drops what the documents of external plugins refer to.
func TestEveryOperationIsDescribed(t *testing.T) {
	t.Parallel()
	m := newBareMount(t, shared(t), paxostest.Options{})
	paths, raw := m.openAPI()
	if strings.Contains(raw, `"$ref"`) {
		t.Error("the paths of the mount refer to something with $ref")
	}
	described, patches, parameters, identifiers := 0, 0, 0, map[string]string{}
	for path, item := range paths {
		for method, operation := range map[string]*operationDocument{"get": item.Get, "post": item.Post,
			"patch": item.Patch, "delete": item.Delete} {
			if operation == nil {
				continue
			}
			described++
			if method == "patch" {
				patches++
			}
			where := method + " " + path
			if other := identifiers[operation.OperationID]; other != "" {
				t.Errorf("%s and %s are both %s", where, other, operation.OperationID)
			}
			identifiers[operation.OperationID] = where
			parameters += operation.expectDescribed(t, where, item.Parameters)
		}
	}
	leastPatches, leastParameters := 6, 240
	if !m.server.Product.DescribesPatch() {
		leastPatches, leastParameters = 0, 170
	}
	if described-patches < 62 || patches < leastPatches || parameters < leastParameters {
		t.Errorf("only %d operations, %d of them patches, with %d parameters are in the document", described, patches,
			parameters)
	}
	if patches > 0 && leastPatches == 0 {
		t.Errorf("%s describes %d patches, which it was expected to drop", m.server.Product, patches)
	}
	t.Logf("%d operations of %d paths have %d parameters", described, len(paths), parameters)
}

// TestPatch patches a role, which works also on servers whose document does not describe it.
func TestPatch(t *testing.T) {
	t.Parallel()
	m := newBareMount(t, shared(t), paxostest.Options{})
	m.role("app", map[string]any{"ttl": "5m"}, profiles)
	if code, answer := m.send(http.MethodPatch, "roles/app", `{"ttl":"7m"}`); code >= http.StatusMultipleChoices {
		t.Errorf("a patch answers %d: %s", code, answer)
	}
	role, err := m.client.Logical().ReadWithContext(t.Context(), m.path+"/roles/app")
	if err != nil || fmt.Sprint(role.Data["ttl"]) != "420" || fmt.Sprint(role.Data["scopes"]) != "["+profiles+"]" {
		t.Errorf("after the patch the role is %v, %v", role, err)
	}
}

// TestRequiredIsWhatIsRequired checks some lists of what is required, which clients generate code from.
func TestRequiredIsWhatIsRequired(t *testing.T) {
	t.Parallel()
	m := newBareMount(t, shared(t), paxostest.Options{})
	paths, _ := m.openAPI()
	for _, of := range []struct{ what, want string }{
		{"sign " + body(paths["sign/{name}"].Post.RequestBody), "[method path]"},
		{"signer " + body(paths["signers/{name}"].Post.RequestBody), "[]"}, // a change may leave key out
		{"rotate " + body(paths["config/rotate-root"].Post.RequestBody), "[client_secret]"},
		{"list " + answer(paths["roles/"].Get), "[keys]"},
		{"lookup " + answer(paths["lookup"].Post), "[known token_id]"},
		{"rotate " + answer(paths["roles/{name}/rotate"].Post), "[ended pending revoked_at waiting]"},
	} {
		if what, got, _ := strings.Cut(of.what, " "); got != of.want {
			t.Errorf("%s requires %s, want %s", what, got, of.want)
		}
	}
}

// body lists what a request must have, and answer what an answer to it always has.
func body(b *bodyDocument) string { return fmt.Sprint(b.Content["application/json"].Schema.Required) }

// answer lists what the answer of an operation always has.
func answer(o *operationDocument) string {
	success := o.Responses["200"]
	return body(&success)
}

// openAPI returns what Vault's own document says of the paths of the mount, without the mount.
func (m *mount) openAPI() (paths map[string]pathDocument, raw string) {
	m.Helper()
	request, err := http.NewRequestWithContext(m.Context(), http.MethodGet,
		m.server.Address+"/v1/sys/internal/specs/openapi", nil)
	if err != nil {
		m.Fatal(err)
	}
	request.Header.Set("X-Vault-Token", m.server.RootToken)
	response, err := plain.Do(request)
	if err != nil {
		m.Fatal(err)
	}
	defer response.Body.Close()
	var all struct {
		Paths map[string]json.RawMessage `json:"paths"`
	}
	if err := json.NewDecoder(response.Body).Decode(&all); err != nil {
		m.Fatal(err)
	}
	paths = map[string]pathDocument{}
	for path, item := range all.Paths {
		name, ours := strings.CutPrefix(path, "/"+m.path+"/")
		if !ours {
			continue
		}
		var document pathDocument
		if err := json.Unmarshal(item, &document); err != nil {
			m.Fatalf("%s: %v", path, err)
		}
		paths[name] = document
		raw += string(item)
	}
	return paths, raw
}

// expectDescribed checks the description of one operation, and returns how many parameters it has.
func (o *operationDocument) expectDescribed(t *testing.T, where string, inPath []parameterDocument) (count int) {
	t.Helper()
	if o.Summary == "" || o.OperationID == "" || len(o.Responses) == 0 {
		t.Errorf("%s has no summary, no operationId or no answer", where)
	}
	for _, p := range slices.Concat(inPath, o.Parameters) {
		if p.Name == "list" { // Vault's own
			continue
		}
		count++
		p.Schema.Description = p.Description
		p.Schema.expectParameter(t, where+" "+p.Name)
		if (p.In == "path") != p.Required {
			t.Errorf("%s %s is in the %s, and required is %v", where, p.Name, p.In, p.Required)
		}
	}
	if o.RequestBody != nil {
		schema := o.RequestBody.Content["application/json"].Schema
		schema.expectObject(t, where+" takes a body that")
		for name, property := range schema.Properties {
			count++
			property.expectParameter(t, where+" "+name)
		}
		if o.RequestBody.Required != (len(schema.Required) > 0) {
			t.Errorf("%s: the body is required %v, with %v", where, o.RequestBody.Required, schema.Required)
		}
	}
	success, ok := o.Responses["200"]
	switch {
	case ok && strings.HasSuffix(where, " metrics"):
		if success.Content["text/plain"].Schema.Type != "string" {
			t.Errorf("%s answers %v, want plain text", where, success.Content)
		}
	case ok:
		success.Content["application/json"].Schema.expectObject(t, where+" answers 200 that")
	}
	return count
}

// expectObject checks that a schema has properties with descriptions, and requires only these.
func (s schemaDocument) expectObject(t *testing.T, where string) {
	t.Helper()
	if s.Type != "object" || len(s.Properties) == 0 {
		t.Errorf("%s has no properties", where)
	}
	for name, property := range s.Properties {
		property.expectType(t, where+" "+name)
		if property.Description == "" {
			t.Errorf("%s has %s without a description", where, name)
		}
	}
	for _, name := range s.Required {
		if _, ok := s.Properties[name]; !ok {
			t.Errorf("%s requires %s, which is no property", where, name)
		}
	}
}

// expectParameter checks that the description says the default and an example, and that both have
// the parameter's type.
func (s schemaDocument) expectParameter(t *testing.T, where string) {
	t.Helper()
	s.expectType(t, where)
	if !suffix.MatchString(s.Description) {
		t.Errorf("%s has no default or no example: %q", where, s.Description)
	}
	if s.Example == nil && !strings.Contains(s.Description, "Example: @") { // @ is a file, for the command line
		t.Errorf("%s has its example in the description only", where)
	}
	for _, value := range slices.Concat(s.Enum, []any{s.Default, s.Example}) {
		if value != nil && !s.admits(value) {
			t.Errorf("%s is a %s, and names %v (%T)", where, s.Type, value, value)
		}
	}
	if s.Enum != nil && s.Example != nil && !slices.Contains(s.Enum, s.Example) {
		t.Errorf("%s: %v is none of %v", where, s.Example, s.Enum)
	}
}

// expectType checks that the schema is of a type that OpenAPI has.
func (s schemaDocument) expectType(t *testing.T, where string) {
	t.Helper()
	if !slices.Contains([]string{"string", "integer", "number", "boolean", "object", "array"}, s.Type) ||
		(s.Type == "array") != (s.Items != nil) {
		t.Errorf("%s has the type %q of %v", where, s.Type, s.Items)
	}
}

// admits reports whether a value is of the schema's type.
func (s schemaDocument) admits(value any) bool {
	switch v := value.(type) {
	case string:
		return s.Type == "string"
	case bool:
		return s.Type == "boolean"
	case float64:
		return s.Type == "number" || s.Type == "integer" && v == float64(int(v))
	case []any:
		return s.Type == "array"
	case map[string]any:
		return s.Type == "object"
	}
	return false
}
