package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// operatorGroup is the API of Vault Secrets Operator.
const operatorGroup = "secrets.hashicorp.com/"

// checkYAML checks a file by the folder that it is in.
func (c *checker) checkYAML(path string, text []byte, folder string) {
	if folder == "github-actions" {
		c.checkWorkflow(path, text)
		return
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			c.complain(path, lineIn(err), "The YAML in the block that begins here is wrong: %v. Look at the indentation.", err)
			return
		}
		if len(document.Content) == 1 && folder == "vault-secrets-operator" {
			c.checkManifest(path, document.Content[0])
		}
	}
}

// lineIn is the line that an error about YAML names, which is that of the block around the mistake.
func lineIn(err error) (line int) {
	if found := lineNamed.FindStringSubmatch(err.Error()); found != nil {
		line, _ = strconv.Atoi(found[1]) // these are digits
	}
	return line
}

// lineNamed is a line in an error about YAML.
var lineNamed = regexp.MustCompile(`\bline (\d+)`)

// checkManifest checks a manifest, or values for Helm.
func (c *checker) checkManifest(path string, document *yaml.Node) {
	kind := "HelmValues"
	if version := valueOf(document, "apiVersion"); version != nil {
		kind = ""
		if name := valueOf(document, "kind"); name != nil && strings.HasPrefix(version.Value, operatorGroup) {
			kind = name.Value
		}
	}
	fields := fieldsByKind[kind]
	if fields == nil {
		c.complain(path, document.Line, "This kind of manifest is not known here: %s. If the operator has it, add its "+
			"fields to scripts/tools/examples/fields.txt.", listed(slices.Collect(maps.Keys(fieldsByKind))))
		return
	}
	c.checkNode(path, document, fields, "")
	if kind == "VaultDynamicSecret" {
		c.checkDynamicSecret(path, document)
	}
}

// valueOf returns a value of a mapping, by the names that lead there; nil if it is not there.
func valueOf(node *yaml.Node, names ...string) *yaml.Node {
	for _, name := range names {
		var found *yaml.Node
		for i := 0; node != nil && node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == name {
				found = node.Content[i+1]
			}
		}
		node = found
	}
	return node
}

// checkNode checks that a node has only fields that are known, of their types, and all that are required.
func (c *checker) checkNode(path string, node *yaml.Node, fields map[string]field, at string) {
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			c.checkField(path, node.Content[i], node.Content[i+1], fields, at)
			if valueOf(node, node.Content[i].Value) != node.Content[i+1] {
				c.complain(path, node.Content[i].Line, "%s is there twice. Make one of both.", node.Content[i].Value)
			}
		}
		for name, known := range fields {
			parent, own := splitField(name)
			if known.required && own != "*" && parent == at && valueOf(node, own) == nil {
				c.complain(path, node.Line, "%s is missing. Add it.", name)
			}
		}
	case yaml.SequenceNode:
		for _, item := range node.Content {
			c.checkKind(path, item, fields, at+"[]")
		}
	}
}

// checkField checks one field of a mapping.
func (c *checker) checkField(path string, key, value *yaml.Node, fields map[string]field, at string) {
	name := strings.TrimPrefix(at+"."+key.Value, ".")
	if _, known := fields[name]; !known {
		name = strings.TrimPrefix(at+".*", ".")
	}
	if _, known := fields[name]; !known {
		var names []string
		for each := range fields {
			if parent, own := splitField(each); parent == at {
				names = append(names, own)
			}
		}
		where := at
		if where == "" {
			where = "The manifest"
		}
		c.complain(path, key.Line, "%s has no field %s (look at the indentation too): %s.", where, key.Value, listed(names))
		return
	}
	c.checkKind(path, value, fields, name)
}

// checkKind checks the type of a value, and what it consists of.
func (c *checker) checkKind(path string, value *yaml.Node, fields map[string]field, name string) {
	if want := fields[name].kind; kindOf(value) != want {
		c.complain(path, value.Line, "%s is a %s. Write a %s.", name, kindOf(value), want)
		return
	}
	c.checkNode(path, value, fields, name)
}

// splitField returns the parent and the own name of a field.
func splitField(name string) (parent, own string) {
	at := strings.LastIndex(name, ".")
	if at < 0 {
		return "", strings.TrimSuffix(name, "[]")
	}
	return name[:at], name[at+1:]
}

// kindOf is the type of a value.
func kindOf(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "object"
	case yaml.SequenceNode:
		return "list"
	}
	switch node.ShortTag() {
	case "!!bool":
		return "boolean"
	case "!!int":
		return "integer"
	case "!!str":
		return "string"
	}
	return fmt.Sprintf("value of the kind %s", node.ShortTag())
}

// checkDynamicSecret checks the path that the operator reads, the fields that it stores, and that it reads
// again.
func (c *checker) checkDynamicSecret(path string, document *yaml.Node) {
	name := valueOf(document, "spec", "path")
	if name == nil || valueOf(document, "spec", "mount") == nil {
		return // checkNode complains
	}
	full := valueOf(document, "spec", "mount").Value + "/" + name.Value
	below, ok := strings.CutPrefix(full, mount)
	routes := c.engine.find(below)
	if !ok || !allows(routes, "read") {
		c.complain(path, name.Line, "The engine has no read of %s. See docs/api/README.md.", full)
		return
	}
	static := valueOf(document, "spec", "allowStaticCreds")
	if again := static != nil && static.Value == "true"; again != strings.HasPrefix(below, "token/") {
		c.complain(path, name.Line, "allowStaticCreds must be true for token/, or the operator never reads again, and must be "+
			"left out for creds/.")
	}
	if includes := valueOf(document, "spec", "destination", "transformation", "includes"); includes != nil {
		for _, each := range includes.Content {
			if field := strings.Trim(each.Value, "^$"); !answers(routes, field) {
				c.complain(path, each.Line, "%s answers no field %s: %s.", full, field, listed(routes[0].Answers))
			}
		}
	}
}
