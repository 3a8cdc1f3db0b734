package enumeration

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"vault-plugin-secrets-paxos/backend/backendtest"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// A declared operation is one that the mount documents.
type declaredOperation struct {
	operation logical.Operation
	pattern   string // with its parameters in braces
	route     *framework.Path
}

// declaredScenes makes a scene for each declared operation that no written one
// plays, from what the operation declares. Where that does not do, it fails: then
// the operation needs a scene in scenes.
func declaredScenarios(t *testing.T, written []scenario) (all []scenario) {
	t.Helper()
	s := newFaultyMount(t)
	for _, d := range s.declaredOperations() {
		played := func(sc scenario) bool { return sc.operation == d.operation && s.route(sc.path) == d.route }
		if slices.ContainsFunc(written, played) {
			continue
		}
		sc, ok := d.scenario(t)
		if !ok {
			t.Errorf("no scene plays %s %s, and none could be made from what it declares: write one in scenes()",
				d.operation, d.pattern)
			continue
		}
		all = append(all, sc)
	}
	return all
}

// route is the path of the mount that serves a request's.
func (s *faultyMount) route(path string) *framework.Path {
	return s.Backend.(grpcBackend).Backend.(interface{ Route(string) *framework.Path }).Route(path)
}

// declared lists the operations that the mount documents.
func (s *faultyMount) declaredOperations() (all []declaredOperation) {
	s.T.Helper()
	paths := s.Help("").Data["openapi"].(map[string]any)["paths"].(map[string]any)
	for _, documented := range slices.Sorted(maps.Keys(paths)) {
		pattern := strings.TrimPrefix(documented, "/")
		route := s.route(parameter.ReplaceAllString(pattern, "x"))
		if route == nil {
			s.T.Fatalf("%s is documented and leads nowhere", documented)
		}
		for _, operation := range slices.Sorted(maps.Keys(route.Operations)) {
			all = append(all, declaredOperation{operation, pattern, route})
		}
	}
	return all
}

// parameter is a parameter in a documented path.
var parameter = regexp.MustCompile(`\{[^}]*\}`)

// names are what may stand for a parameter in a path.
func parameterValues(operation logical.Operation) []func(*faultyMount) string {
	if operation == logical.CreateOperation {
		return []func(*faultyMount) string{func(*faultyMount) string { return "new" }}
	}
	return []func(*faultyMount) string{
		func(s *faultyMount) string { return s.pendingToken() },
		func(s *faultyMount) string { return s.leases[0].resp.Data["token_id"].(string) },
		func(*faultyMount) string { return "mint" },
		func(*faultyMount) string { return "funding:read_profile" },
	}
}

// scene plays the operation on a mount that has something of everything, with the
// first name and the first data that it takes: best such that there is an answer,
// or a change of what is stored.
func (d declaredOperation) scenario(t *testing.T) (found scenario, ok bool) {
	for _, name := range parameterValues(d.operation) {
		for _, data := range d.dataToTry() {
			sc := scenario{operation: d.operation, pathOf: func(s *faultyMount) string {
				return parameter.ReplaceAllString(d.pattern, name(s))
			},
				when: "as declared", path: d.pattern, setUp: (*faultyMount).withEverything, data: data, extraRequests: 1}
			s := newFaultyMount(t)
			sc.setUp(s)
			before := s.settings()
			resp, err := sc.request(s)(context.Background())
			switch {
			case err != nil || resp.IsError():
			case resp != nil && len(resp.Data) > 0, !maps.Equal(before, s.settings()):
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

// bodies are the data to try: none; then what a read of the path answers, with one
// field changed; then a token and its fingerprint in each field of text.
func (d declaredOperation) dataToTry() []func(*faultyMount) map[string]any {
	all := []func(*faultyMount) map[string]any{func(*faultyMount) map[string]any { return nil }}
	if d.operation != logical.CreateOperation && d.operation != logical.UpdateOperation &&
		d.operation != logical.PatchOperation {
		return all
	}
	var changes []func(*faultyMount) map[string]any
	for _, name := range slices.Sorted(maps.Keys(d.route.Fields)) {
		changes = append(changes, func(s *faultyMount) map[string]any { return d.withFieldChanged(s, name) })
		if d.route.Fields[name].Type == framework.TypeString && !strings.Contains(d.pattern, "{"+name+"}") {
			all = append(all,
				func(s *faultyMount) map[string]any { return map[string]any{name: backendtest.Token(s.leases[0].resp)} },
				func(s *faultyMount) map[string]any { return map[string]any{name: s.leases[0].resp.Data["token_id"]} },
			)
		}
	}
	return append(changes, all...)
}

// changed is what a read of the path answers, as far as it can be written, with one
// field changed.
func (d declaredOperation) withFieldChanged(s *faultyMount, field string) map[string]any {
	read, err := s.send(context.Background(), logical.ReadOperation, parameter.ReplaceAllString(d.pattern, "mint"), nil)
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
