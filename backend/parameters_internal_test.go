package backend

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/spec"
)

// declaredPaths returns the paths of a mount that nothing is asked of.
func declaredPaths(t *testing.T) []*framework.Path {
	t.Helper()
	made, err := NewFactory(Options{Limits: limits.New(1)})(t.Context(), &logical.BackendConfig{
		StorageView: &logical.InmemStorage{}, System: logical.TestSystemView()})
	if err != nil {
		t.Fatal(err)
	}
	return made.(*backend).Paths
}

// TestEveryParameterHasADefaultAndAnExample reads the descriptions that `vault path-help` and OpenAPI
// show. Each ends with the default, or says that the parameter is required, and with an example that
// the parameter takes.
func TestEveryParameterHasADefaultAndAnExample(t *testing.T) {
	t.Parallel()
	described := 0
	for _, path := range declaredPaths(t) {
		for name, field := range path.Fields {
			described++
			where := path.Pattern + " " + name
			standard, example, ok := spec.Stated(field.Description)
			switch {
			case !ok:
				t.Errorf("%s has no default or no example: %q", where, field.Description)
				continue
			case field.Required != (standard == ""):
				t.Errorf("%s: required is %v, but it says %q", where, field.Required, field.Description)
			case strings.Contains(path.Pattern, "<"+name+">") && !field.Required:
				t.Errorf("%s is in the path, but not required", where)
			case strings.Count(field.Description, "Default:") > 1 || strings.Contains(field.Description, "efault is"):
				t.Errorf("%s names its default twice: %q", where, field.Description)
			}
			checkExample(t, path, name, example)
		}
	}
	if described < 150 {
		t.Errorf("only %d parameters were looked at", described)
	}
	t.Logf("%d parameters have a default and an example", described)
}

// checkExample sends the example of a parameter as the command line does.
func checkExample(t *testing.T, path *framework.Path, name, example string) {
	t.Helper()
	if strings.HasPrefix(example, "@") {
		return // the command line sends what is in the file
	}
	requested := strings.NewReplacer("^", "", "$", "", "/?", "/").Replace(
		strings.ReplaceAll(path.Pattern, spec.NamePattern, "x"))
	err := rules.Check(path, &logical.Request{Operation: logical.UpdateOperation, Path: requested,
		Data: map[string]any{name: example}})
	if err != nil {
		t.Errorf("%s: the example of %s is refused: %v", path.Pattern, name, err)
	}
	allowed := path.Fields[name].AllowedValues
	if len(allowed) > 0 && !slices.Contains(allowed, any(example)) {
		t.Errorf("%s: the example of %s is none of its values", path.Pattern, name)
	}
	data := framework.FieldData{Raw: map[string]any{name: example}, Schema: path.Fields}
	if err := data.Validate(); err != nil {
		t.Errorf("%s: the example of %s has the wrong type: %v", path.Pattern, name, err)
	}
}
