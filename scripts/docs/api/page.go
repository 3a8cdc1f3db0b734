package main

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// A page documents one path: an entry and the list of all entries are one page.
type page struct {
	name   string
	routes []route // that of the entry first
}

// file is the name of the page's file.
func (p page) file() string { return p.name + ".md" }

// main is the route that the page is named after.
func (p page) main() route { return p.routes[0] }

// generated is the part of the page that is made of descriptions.
func (p page) generated() string {
	var text strings.Builder
	fmt.Fprintf(&text, "# %s\n\n%s\n\n", p.main().readable(), paragraph(p.main().HelpSynopsis))
	text.WriteString(help(p.main().HelpDescription))
	text.WriteString("## Capabilities\n\n| Verb | Request | Policy capability | What it does |\n|---|---|---|---|\n")
	for _, r := range p.routes {
		text.WriteString(r.capabilities())
	}
	text.WriteString("\n## Parameters\n\n")
	for _, r := range p.routes {
		if r.template != p.main().template {
			text.WriteString("Of a list:\n\n")
		}
		for _, f := range r.parameters() {
			text.WriteString(f.parameter())
		}
		if len(r.Fields) == 0 {
			text.WriteString("None.\n")
		}
		text.WriteString("\n")
	}
	text.WriteString("## Answers\n\n")
	for _, r := range p.routes {
		for _, a := range r.answers() {
			text.WriteString(a.text())
		}
	}
	return strings.TrimSpace(text.String())
}

// A verb is what a request does to a path.
type verb struct {
	name, method, capability string
	operation                logical.Operation
}

// verbs are in the order in which pages have them. Vault calls a write create or update by whether
// the entry exists, on the paths that tell.
var verbs = []verb{
	{"Create", "POST", "create", logical.CreateOperation},
	{"Write", "POST", "update", logical.UpdateOperation},
	{"Read", "GET", "read", logical.ReadOperation},
	{"List", "LIST", "list", logical.ListOperation},
	{"Patch", "PATCH", "patch", logical.PatchOperation},
	{"Delete", "DELETE", "delete", logical.DeleteOperation},
}

// each calls do for every verb that the route has, in order.
func (r route) each(do func(verb, framework.OperationProperties)) {
	for _, v := range verbs {
		if operation, ok := r.Operations[v.operation]; ok {
			do(v, operation.Properties())
		}
	}
}

// readable is the path as people write it: roles/:name, roles.
func (r route) readable() string {
	return strings.TrimSuffix(strings.NewReplacer("{", ":", "}", "").Replace(r.template), "/")
}

// capabilities are the rows of the table of capabilities.
func (r route) capabilities() string {
	var rows strings.Builder
	r.each(func(v verb, properties framework.OperationProperties) {
		needed := "`" + v.capability + "`"
		if r.sudo {
			needed += ", `sudo`"
		}
		fmt.Fprintf(&rows, "| %s | `%s /v1/paxos/%s` | %s | %s |\n", v.name, v.method, r.readable(), needed,
			strings.ReplaceAll(marked(properties.Summary), "|", `\|`))
	})
	return rows.String()
}

// An answer is what requests with some verbs get.
type answer struct {
	verbs    []string
	status   int
	response framework.Response
}

// answers are those of all verbs of the route. Verbs with the same fields in their answers share
// one. A create answers as a write does.
func (r route) answers() []answer {
	var all []answer
	r.each(func(v verb, properties framework.OperationProperties) {
		if v.operation == logical.CreateOperation {
			return
		}
		for _, status := range slices.Sorted(maps.Keys(properties.Responses)) {
			response := properties.Responses[status][0]
			same := slices.IndexFunc(all, func(a answer) bool {
				return len(response.Fields) > 0 && a.status == status && reflect.DeepEqual(a.response.Fields, response.Fields)
			})
			if same < 0 {
				all = append(all, answer{[]string{v.name}, status, response})
			} else {
				all[same].verbs = append(all[same].verbs, v.name)
			}
		}
	})
	return all
}

// text describes the answer and its fields.
func (a answer) text() string {
	var text strings.Builder
	text.WriteString(wrapped(fmt.Sprintf("**%s** (%d): %s", strings.Join(a.verbs, ", "), a.status,
		marked(a.response.Description)), ""))
	text.WriteString("\n")
	for _, f := range fieldsOf(a.response.Fields) {
		text.WriteString(f.answered())
	}
	if len(a.response.Fields) > 0 {
		text.WriteString("\n")
	}
	return text.String()
}
