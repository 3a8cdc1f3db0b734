package main

import (
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
)

// A listed path is a path of the engine, for programs that check what texts say about it.
type listed struct {
	Template   string            `json:"template"` // such as roles/{name}
	Sudo       bool              `json:"sudo"`
	Operations []string          `json:"operations"` // as in policies: create, update, read, list, patch, delete
	Parameters map[string]string `json:"parameters"` // their types, by name; without those in the path
	Answers    []string          `json:"answers"`    // the names of the fields of all answers
}

// list writes all paths of the engine as JSON.
func list(out io.Writer) error {
	pages, err := describeEngine()
	if err != nil {
		return err
	}
	paths := []listed{}
	for _, p := range pages {
		for _, r := range p.routes {
			paths = append(paths, r.listed())
		}
	}
	return json.NewEncoder(out).Encode(paths)
}

// listed describes the route.
func (r route) listed() listed {
	path := listed{Template: r.template, Sudo: r.sudo, Parameters: map[string]string{}}
	for name, schema := range r.Fields {
		if !strings.Contains(r.template, "{"+name+"}") {
			path.Parameters[name] = kinds[schema.Type]
		}
	}
	answers := map[string]bool{}
	r.each(func(v verb, properties framework.OperationProperties) {
		path.Operations = append(path.Operations, v.capability)
		for _, responses := range properties.Responses {
			for name := range responses[0].Fields {
				answers[name] = true
			}
		}
	})
	path.Answers = slices.Sorted(maps.Keys(answers))
	return path
}
