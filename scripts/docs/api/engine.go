package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend"
	"vault-plugin-secrets-paxos/backend/limits"
)

// A route is a path of the engine as it is documented.
type route struct {
	*framework.Path
	template string // the path with its captures in braces, as in OpenAPI: roles/{name}
	sudo     bool   // Vault demands the capability sudo
}

// describeEngine returns the pages of all paths of the engine, in alphabetical order.
func describeEngine() ([]page, error) {
	ctx := context.Background()
	engine, err := backend.NewFactory(backend.Options{Limits: limits.New(0)})(ctx, &logical.BackendConfig{
		StorageView: &logical.InmemStorage{},
	})
	if err != nil {
		return nil, err
	}
	defer engine.Cleanup(ctx)
	templates, err := templatesOf(ctx, engine)
	if err != nil {
		return nil, err
	}
	router, ok := engine.(interface {
		Route(path string) *framework.Path
	})
	if !ok {
		return nil, fmt.Errorf("a %T does not tell its routes", engine)
	}
	byPage := map[string]page{}
	for _, template := range templates {
		found := router.Route(anyEntry.Replace(template))
		if found == nil {
			return nil, fmt.Errorf("no route leads to %s", template)
		}
		name := pageName(template)
		p := byPage[name]
		p.name = name
		p.routes = append(p.routes, route{Path: found, template: template,
			sudo: needsSudo(template, engine.SpecialPaths().Root)})
		byPage[name] = p
	}
	pages := slices.Collect(maps.Values(byPage))
	slices.SortFunc(pages, func(a, b page) int { return strings.Compare(a.name, b.name) })
	for _, p := range pages {
		slices.SortFunc(p.routes, func(a, b route) int { return len(b.template) - len(a.template) })
	}
	return pages, nil
}

// anyEntry makes a path of a template.
var anyEntry = strings.NewReplacer("{", "", "}", "")

// templatesOf returns the paths in the engine's OpenAPI document, in alphabetical order.
func templatesOf(ctx context.Context, engine logical.Backend) ([]string, error) {
	answer, err := engine.HandleRequest(ctx, &logical.Request{Operation: logical.HelpOperation,
		Storage: &logical.InmemStorage{}})
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(answer.Data["openapi"])
	if err != nil {
		return nil, err
	}
	var document struct {
		Paths map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(raw, &document); err != nil {
		return nil, err
	}
	var templates []string
	for path := range document.Paths {
		templates = append(templates, strings.TrimPrefix(path, "/"))
	}
	slices.Sort(templates)
	return templates, nil
}

// pageName is the name of the page that documents a path: roles for roles/ and roles/{name},
// roles-rotate for roles/{name}/rotate.
func pageName(template string) string {
	var words []string
	for word := range strings.SplitSeq(template, "/") {
		if word != "" && !strings.HasPrefix(word, "{") {
			words = append(words, word)
		}
	}
	return strings.Join(words, "-")
}

// needsSudo reports whether one of the engine's sudo paths covers a path.
func needsSudo(template string, sudo []string) bool {
	return slices.ContainsFunc(sudo, func(pattern string) bool {
		prefix, open := strings.CutSuffix(pattern, "*")
		return template == pattern || open && strings.HasPrefix(template, prefix)
	})
}
