package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// mount is the path of the engine in all examples.
const mount = "paxos/"

// An engine has the paths of the engine.
type engine []*route

// A route is a path of the engine, as scripts/docs/api describes it.
type route struct {
	Template   string            `json:"template"` // such as roles/{name}
	Sudo       bool              `json:"sudo"`
	Operations []string          `json:"operations"` // as in policies
	Parameters map[string]string `json:"parameters"` // their types, by name
	Answers    []string          `json:"answers"`    // the names of fields
}

// readEngine reads the description of the engine from the file, or from the program that prints it.
func readEngine(root, file string) (paths engine, err error) {
	var text []byte
	if file != "" {
		text, err = os.ReadFile(file)
	} else {
		command := exec.Command("go", "run", "./scripts/docs/api", "-list")
		command.Dir = root
		command.Stderr = os.Stderr
		text, err = command.Output()
	}
	if err != nil {
		return nil, fmt.Errorf("the paths of the engine: %w", err)
	}
	if err := json.Unmarshal(text, &paths); err != nil {
		return nil, fmt.Errorf("the paths of the engine: %w", err)
	}
	if len(paths) == 0 {
		return nil, errors.New("the paths of the engine: there are none")
	}
	return paths, nil
}

// find returns the routes that a path leads to. A part of the path may be a +, which matches any part, and
// the path may end in *, which matches anything that begins so.
func (e engine) find(path string) (found []*route) {
	for _, r := range e {
		if matches(strings.Split(r.Template, "/"), strings.Split(path, "/")) {
			found = append(found, r)
		}
	}
	return found
}

// matches reports whether the parts of a path, or of a pattern of paths, can be those of a template.
func matches(template, path []string) bool {
	for i, part := range path {
		prefix, open := strings.CutSuffix(part, "*")
		last := i == len(path)-1
		switch {
		case i >= len(template):
			return false
		case open && last:
			return strings.HasPrefix(template[i], prefix) || isCapture(template[i])
		case part == "+" && template[i] != "", isCapture(template[i]) && part != "":
		case part != template[i]:
			return false
		}
	}
	return len(template) == len(path)
}

// isCapture reports whether a part of a template stands for any text.
func isCapture(part string) bool { return strings.HasPrefix(part, "{") }

// answers reports whether a request to one of the routes can answer the field.
func answers(routes []*route, field string) bool {
	return slices.ContainsFunc(routes, func(r *route) bool { return slices.Contains(r.Answers, field) })
}

// allows reports whether one of the routes has the operation.
func allows(routes []*route, operation string) bool {
	return slices.ContainsFunc(routes, func(r *route) bool { return slices.Contains(r.Operations, operation) })
}

// parameter returns the type of a parameter of the routes.
func parameter(routes []*route, name string) (kind string, known bool) {
	for _, r := range routes {
		if kind, known = r.Parameters[name]; known {
			return kind, true
		}
	}
	return "", false
}

// parametersOf are the names of all parameters of the routes, for a complaint.
func parametersOf(routes []*route) string {
	var names []string
	for _, r := range routes {
		for name := range r.Parameters {
			names = append(names, name)
		}
	}
	return listed(names)
}

// listed is a list of names for a complaint.
func listed(names []string) string {
	names = slices.Clone(names)
	slices.Sort(names)
	if len(names) == 0 {
		return "there is none"
	}
	return "use one of: " + strings.Join(slices.Compact(names), ", ")
}
