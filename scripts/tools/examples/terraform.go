package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// A module is the Terraform files of one folder.
type module struct {
	paths  []string // in the order of bodies
	bodies []*hclsyntax.Body
}

// checkTerraform parses a file, and remembers it for the checks of its folder.
func (c *checker) checkTerraform(path string, text []byte) {
	body := c.parseHCL(path, text)
	if body == nil {
		return
	}
	if c.modules == nil {
		c.modules = map[string]*module{}
	}
	folder := filepath.Dir(path)
	if c.modules[folder] == nil {
		c.modules[folder] = &module{}
	}
	c.modules[folder].paths = append(c.modules[folder].paths, path)
	c.modules[folder].bodies = append(c.modules[folder].bodies, body)
}

// checkModules checks the Terraform files of every folder.
func (c *checker) checkModules() {
	for _, folder := range slices.Sorted(maps.Keys(c.modules)) {
		m := c.modules[folder]
		context, declared := m.context(folder)
		for i, body := range m.bodies {
			for _, b := range body.Blocks {
				c.checkDeclaration(m.paths[i], b, context)
				c.checkReferences(m.paths[i], b, declared, context)
			}
			for _, attribute := range body.Attributes {
				line := attribute.NameRange.Start.Line
				c.complain(m.paths[i], line, "%s is outside of a block. Move it into one.", attribute.Name)
			}
		}
	}
}

// context returns what expressions of the module may use, and the addresses of its resources.
func (m *module) context(folder string) (context *hcl.EvalContext, declared map[string]*hclsyntax.Block) {
	mounts, declared := map[string]cty.Value{}, map[string]*hclsyntax.Block{}
	for _, body := range m.bodies {
		for _, b := range body.Blocks {
			if len(b.Labels) != 2 {
				continue
			}
			prefix := ""
			if b.Type != "resource" {
				prefix = b.Type + "."
			}
			declared[prefix+b.Labels[0]+"."+b.Labels[1]] = b
			if b.Labels[0] == "vault_mount" {
				path := cty.StringVal(textOf(b.Body.Attributes["path"], nil))
				mounts[b.Labels[1]] = cty.ObjectVal(map[string]cty.Value{"path": path})
			}
		}
	}
	return &hcl.EvalContext{
		Variables: map[string]cty.Value{
			"vault_mount": cty.ObjectVal(mounts),
			"path":        cty.ObjectVal(map[string]cty.Value{"module": cty.StringVal(folder)}),
		},
		Functions: map[string]function.Function{"jsonencode": stdlib.JSONEncodeFunc, "file": fileFunction},
	}, declared
}

// fileFunction reads a file, as Terraform's function file does.
var fileFunction = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "path", Type: cty.String}},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(arguments []cty.Value, _ cty.Type) (cty.Value, error) {
		text, err := os.ReadFile(arguments[0].AsString())
		return cty.StringVal(string(text)), err
	},
})

// checkDeclaration checks one block of a file.
func (c *checker) checkDeclaration(path string, b *hclsyntax.Block, context *hcl.EvalContext) {
	line := b.TypeRange.Start.Line
	switch b.Type {
	case "terraform":
		c.checkBody(path, b.Body, terraformSettings, "terraform")
	case "provider":
		if len(b.Labels) == 1 && b.Labels[0] == "vault" {
			c.checkBody(path, b.Body, vaultProvider, "The provider vault")
		}
	case "resource", "ephemeral":
		known := terraformResources
		if b.Type == "ephemeral" {
			known = terraformEphemerals
		}
		if len(b.Labels) != 2 {
			c.complain(path, line, "A block %s has two labels: its type and its name.", b.Type)
			return
		}
		fields, ok := known[b.Labels[0]]
		if !ok {
			c.complain(path, line, "The type %s is not known here: %s. If the provider has it, add it to "+
				"scripts/tools/examples/terraform_fields.go.", b.Labels[0], listed(slices.Collect(maps.Keys(known))))
			return
		}
		c.checkBody(path, b.Body, fields, b.Labels[0])
		c.checkEndpoint(path, b, context)
	case "data":
		c.complain(path, line, "A data source writes what it reads into the state. Use an ephemeral block.")
	case "locals", "moved", "import", "variable", "output":
	default:
		c.complain(path, line, "Terraform has no block %s.", b.Type)
	}
}

// checkEndpoint checks the path and the parameters that a resource writes, or an ephemeral resource reads.
func (c *checker) checkEndpoint(path string, b *hclsyntax.Block, context *hcl.EvalContext) {
	if !strings.HasPrefix(b.Labels[0], "vault_generic_") {
		return
	}
	line := b.TypeRange.Start.Line
	name, ok := strings.CutPrefix(textOf(b.Body.Attributes["path"], context), mount)
	if !ok {
		c.complain(path, line, "path is not known, or not below %s. Write \"${vault_mount.paxos.path}/…\".", mount)
		return
	}
	routes, operation := c.engine.find(name), "update"
	if b.Type == "ephemeral" && b.Labels[0] == "vault_generic_secret" {
		operation = "read"
	}
	if !allows(routes, operation) {
		c.complain(path, line, "The engine has no %s of %s%s. See docs/api/README.md.", operation, mount, name)
		return
	}
	kept := b.Body.Attributes["disable_delete"]
	if strings.HasPrefix(name, "config") && b.Type == "resource" && (kept == nil || !isTrue(kept)) {
		c.complain(path, line, "Removing this resource would delete %s%s. Write disable_delete = true.", mount, name)
	}
	for _, attribute := range []string{"data_json", "data_json_wo"} {
		if data := b.Body.Attributes[attribute]; data != nil {
			c.checkData(path, data, mount+name, routes, context)
		}
	}
}

// checkData checks the names and the types of parameters that a resource writes.
func (c *checker) checkData(path string, data *hclsyntax.Attribute, name string, routes []*route,
	context *hcl.EvalContext) {
	line := data.NameRange.Start.Line
	var written map[string]any
	if err := json.Unmarshal([]byte(textOf(data, context)), &written); err != nil {
		c.complain(path, line, "data_json is not a JSON object that is known without running Terraform. Use jsonencode.")
		return
	}
	for _, key := range slices.Sorted(maps.Keys(written)) {
		line := lineOfKey(data, key)
		kind, known := parameter(routes, key)
		switch {
		case !known:
			c.complain(path, line, "%s has no parameter %s: %s.", name, key, parametersOf(routes))
		case strings.HasSuffix(key, "secret") && data.Name != "data_json_wo":
			c.complain(path, line, "%s would be in Terraform's state. Store it with vault write, as README.md says.", key)
		case !hasKind(written[key], kind):
			c.complain(path, line, "%s of %s is a %s. A read answers it so; write it so, durations in seconds.", key, name, kind)
		}
	}
}

// lineOfKey is the line of a key of an object, or that of the attribute.
func lineOfKey(attribute *hclsyntax.Attribute, key string) int {
	line := attribute.NameRange.Start.Line
	_ = hclsyntax.VisitAll(attribute, func(node hclsyntax.Node) hcl.Diagnostics {
		if object, ok := node.(*hclsyntax.ObjectConsExpr); ok {
			for _, item := range object.Items {
				if hcl.ExprAsKeyword(item.KeyExpr) == key {
					line = item.KeyExpr.Range().Start.Line
				}
			}
		}
		return nil
	})
	return line
}

// hasKind reports whether a value of JSON is what a read answers for a parameter of this type.
func hasKind(value any, kind string) bool {
	switch value.(type) {
	case string:
		return kind == "string" || kind == "time"
	case float64:
		return kind == "integer" || kind == "number" || kind == "duration"
	case bool:
		return kind == "boolean"
	case []any:
		return strings.HasPrefix(kind, "list")
	case map[string]any:
		return kind == "object" || strings.HasPrefix(kind, "map")
	}
	return false
}

// checkReferences checks that a block refers only to resources of the module, and to fields that the engine
// answers.
func (c *checker) checkReferences(path string, b *hclsyntax.Block, declared map[string]*hclsyntax.Block,
	context *hcl.EvalContext) {
	_ = hclsyntax.VisitAll(b, func(node hclsyntax.Node) hcl.Diagnostics {
		expression, ok := node.(*hclsyntax.ScopeTraversalExpr)
		if !ok {
			return nil
		}
		parts := partsOf(expression.Traversal)
		var address string
		var rest []string
		switch {
		case parts[0] == "ephemeral" && len(parts) >= 3:
			address, rest = strings.Join(parts[:3], "."), parts[3:]
		case (strings.HasPrefix(parts[0], "vault_") || parts[0] == "terraform_data") && len(parts) >= 2:
			address, rest = strings.Join(parts[:2], "."), parts[2:]
		default:
			return nil
		}
		line, target := expression.SrcRange.Start.Line, declared[address]
		if target == nil {
			c.complain(path, line, "%s is not declared in this folder. Declare it, or correct the name.", address)
			return nil
		}
		name, _ := strings.CutPrefix(textOf(target.Body.Attributes["path"], context), mount)
		routes := c.engine.find(name)
		if len(rest) == 2 && rest[0] == "data" && len(routes) > 0 && !answers(routes, rest[1]) {
			c.complain(path, line, "paxos/%s answers no field %s: %s.", name, rest[1], listed(routes[0].Answers))
		}
		return nil
	})
}

// partsOf are the names of which a reference consists.
func partsOf(traversal hcl.Traversal) (parts []string) {
	for _, step := range traversal {
		switch s := step.(type) {
		case hcl.TraverseRoot:
			parts = append(parts, s.Name)
		case hcl.TraverseAttr:
			parts = append(parts, s.Name)
		case hcl.TraverseIndex:
			if s.Key.Type() == cty.String {
				parts = append(parts, s.Key.AsString())
			}
		}
	}
	return parts
}
