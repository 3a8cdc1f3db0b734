package enumeration

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
)

// A declaredOperation is an operation that the mount documents.
type declaredOperation struct {
	operation logical.Operation
	pattern   string // with its parameters in braces
	route     *framework.Path
}

// declaredScenarios makes a scenario for each operation that the mount documents and that no
// written scenario covers, from what the operation declares. It fails where that does not work: the
// operation then needs a scenario in scenarios.
func declaredScenarios(t *testing.T, written []scenario) (all []scenario) {
	t.Helper()
	m := newFaultyMount(t)
	for _, d := range m.declaredOperations() {
		played := func(sc scenario) bool { return sc.operation == d.operation && m.route(sc.path) == d.route }
		if slices.ContainsFunc(written, played) {
			continue
		}
		sc, ok := d.scenario(t)
		if !ok {
			t.Errorf("no scenario covers %s %s, and none could be made from what it declares: write one in scenarios()",
				d.operation, d.pattern)
			continue
		}
		all = append(all, sc)
	}
	return all
}

// route is the path of the mount that serves a request.
func (m *faultyMount) route(path string) *framework.Path {
	return m.Backend.(grpcBackend).Backend.(interface{ Route(string) *framework.Path }).Route(path)
}

// declaredOperations lists the operations that the mount documents.
func (m *faultyMount) declaredOperations() (all []declaredOperation) {
	m.T.Helper()
	paths := m.Help("").Data["openapi"].(map[string]any)["paths"].(map[string]any)
	for _, documented := range slices.Sorted(maps.Keys(paths)) {
		pattern := strings.TrimPrefix(documented, "/")
		route := m.route(parameter.ReplaceAllString(pattern, "x"))
		if route == nil {
			m.T.Fatalf("%s is documented and leads nowhere", documented)
		}
		for _, operation := range slices.Sorted(maps.Keys(route.Operations)) {
			all = append(all, declaredOperation{operation, pattern, route})
		}
	}
	return all
}

// parameter is a parameter in a documented path.
var parameter = regexp.MustCompile(`\{[^}]*\}`)

// parameterValues are the values to try for a parameter in a path.
func parameterValues(operation logical.Operation) []func(*faultyMount) string {
	if operation == logical.CreateOperation {
		return []func(*faultyMount) string{func(*faultyMount) string { return "new" }}
	}
	return []func(*faultyMount) string{
		func(m *faultyMount) string { return m.pendingToken() },
		func(m *faultyMount) string { return m.leases[0].resp.Data["token_id"].(string) },
		func(*faultyMount) string { return "mint" },
		func(*faultyMount) string { return "funding:read_profile" },
	}
}

// scenario makes a scenario of the operation on a mount that has something of everything. It takes
// the first parameter and the first data with which the request succeeds; those with which it also
// answers data or changes what is stored are preferred, because more steps can go wrong then.
func (d declaredOperation) scenario(t *testing.T) (found scenario, ok bool) {
	for _, name := range parameterValues(d.operation) {
		for _, data := range d.dataToTry() {
			sc := scenario{operation: d.operation, pathOf: func(m *faultyMount) string {
				return parameter.ReplaceAllString(d.pattern, name(m))
			},
				when: "as declared", path: d.pattern, setUp: (*faultyMount).withEverything, data: data,
				extraRequests: 1}
			m := newFaultyMount(t)
			sc.setUp(m)
			before := m.settings()
			resp, err := sc.request(m)(context.Background())
			switch {
			case err != nil || resp.IsError():
			case resp != nil && len(resp.Data) > 0, !maps.Equal(before, m.settings()):
				return sc, true
			case !ok:
				found, ok = sc, true
			}
		}
		if !strings.Contains(d.pattern, "{") {
			break
		}
	}
	return found, ok
}

// dataToTry is the data to try: what a read of the path answers, with one field changed; then none;
// then a token and its fingerprint in each field of text.
func (d declaredOperation) dataToTry() []func(*faultyMount) map[string]any {
	all := []func(*faultyMount) map[string]any{func(*faultyMount) map[string]any { return nil }}
	if d.operation != logical.CreateOperation && d.operation != logical.UpdateOperation &&
		d.operation != logical.PatchOperation {
		return all
	}
	var changes []func(*faultyMount) map[string]any
	for _, name := range slices.Sorted(maps.Keys(d.route.Fields)) {
		changes = append(changes, func(m *faultyMount) map[string]any { return d.withFieldChanged(m, name) })
		if d.route.Fields[name].Type == framework.TypeString && !strings.Contains(d.pattern, "{"+name+"}") {
			all = append(all,
				func(m *faultyMount) map[string]any {
					return map[string]any{name: backendtest.Token(m.leases[0].resp)}
				},
				func(m *faultyMount) map[string]any { return map[string]any{name: m.leases[0].resp.Data["token_id"]} },
			)
		}
	}
	return append(changes, all...)
}

// withFieldChanged is what a read of the path answers, without the fields that cannot be written,
// and with one field changed.
func (d declaredOperation) withFieldChanged(m *faultyMount, field string) map[string]any {
	read, err := m.send(context.Background(), logical.ReadOperation, parameter.ReplaceAllString(d.pattern, "mint"), nil)
	if err != nil || read == nil {
		return nil
	}
	data := map[string]any{}
	for name, value := range read.Data {
		if _, writable := d.route.Fields[name]; writable && value != "" {
			data[name] = value
		}
	}
	switch value := data[field].(type) {
	case bool:
		data[field] = !value
	case float64:
		data[field] = value + 1
	}
	return data
}
