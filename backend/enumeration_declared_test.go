package backend_test

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// A declared operation is one that the mount documents.
type declared struct {
	operation logical.Operation
	pattern   string // with its parameters in braces
	route     *framework.Path
}

// declaredScenes makes a scene for each declared operation that no written one
// plays, from what the operation declares. Where that does not do, it fails: then
// the operation needs a scene in scenes.
func declaredScenes(t *testing.T, written []scene) (all []scene) {
	t.Helper()
	s := newSite(t)
	for _, d := range s.declared() {
		played := func(sc scene) bool { return sc.operation == d.operation && s.route(sc.path) == d.route }
		if slices.ContainsFunc(written, played) {
			continue
		}
		sc, ok := d.scene(t)
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
func (s *site) route(path string) *framework.Path {
	return s.backend.(boundary).Backend.(interface{ Route(string) *framework.Path }).Route(path)
}

// declared lists the operations that the mount documents.
func (s *site) declared() (all []declared) {
	s.t.Helper()
	paths := s.help("").Data["openapi"].(map[string]any)["paths"].(map[string]any)
	for _, documented := range slices.Sorted(maps.Keys(paths)) {
		pattern := strings.TrimPrefix(documented, "/")
		route := s.route(parameter.ReplaceAllString(pattern, "x"))
		if route == nil {
			s.t.Fatalf("%s is documented and leads nowhere", documented)
		}
		for _, operation := range slices.Sorted(maps.Keys(route.Operations)) {
			all = append(all, declared{operation, pattern, route})
		}
	}
	return all
}

// parameter is a parameter in a documented path.
var parameter = regexp.MustCompile(`\{[^}]*\}`)

// names are what may stand for a parameter in a path.
func names(operation logical.Operation) []func(*site) string {
	if operation == logical.CreateOperation {
		return []func(*site) string{func(*site) string { return "new" }}
	}
	return []func(*site) string{
		func(s *site) string { return s.queued() },
		func(s *site) string { return s.leases[0].resp.Data["token_id"].(string) },
		func(*site) string { return "mint" },
		func(*site) string { return "funding:read_profile" },
	}
}

// scene plays the operation on a mount that has something of everything, with the
// first name and the first data that it takes: best such that there is an answer,
// or a change of what is stored.
func (d declared) scene(t *testing.T) (found scene, ok bool) {
	for _, name := range names(d.operation) {
		for _, data := range d.bodies() {
			sc := scene{operation: d.operation, pathOf: func(s *site) string {
				return parameter.ReplaceAllString(d.pattern, name(s))
			},
				when: "as declared", path: d.pattern, state: (*site).crowd, data: data, unasked: 1}
			s := newSite(t)
			sc.state(s)
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
func (d declared) bodies() []func(*site) map[string]any {
	all := []func(*site) map[string]any{func(*site) map[string]any { return nil }}
	if d.operation != logical.CreateOperation && d.operation != logical.UpdateOperation &&
		d.operation != logical.PatchOperation {
		return all
	}
	var changes []func(*site) map[string]any
	for _, name := range slices.Sorted(maps.Keys(d.route.Fields)) {
		changes = append(changes, func(s *site) map[string]any { return d.changed(s, name) })
		if d.route.Fields[name].Type == framework.TypeString && !strings.Contains(d.pattern, "{"+name+"}") {
			all = append(all,
				func(s *site) map[string]any { return map[string]any{name: token(s.leases[0].resp)} },
				func(s *site) map[string]any { return map[string]any{name: s.leases[0].resp.Data["token_id"]} },
			)
		}
	}
	return append(changes, all...)
}

// changed is what a read of the path answers, as far as it can be written, with one
// field changed.
func (d declared) changed(s *site, field string) map[string]any {
	read, err := s.ask(context.Background(), logical.ReadOperation, parameter.ReplaceAllString(d.pattern, "mint"), nil)
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
