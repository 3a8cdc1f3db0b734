package main

import (
	"bytes"
	"errors"
	"maps"
	"path/filepath"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// parseHCL returns the body of a file, or nil if it has a fault that the checks cannot pass by.
func (c *checker) parseHCL(path string, text []byte) *hclsyntax.Body {
	file, faults := hclsyntax.ParseConfig(text, path, hcl.InitialPos)
	if faults.HasErrors() {
		for _, fault := range faults.Errs() {
			if one := (*hcl.Diagnostic)(nil); errors.As(fault, &one) && one.Subject != nil {
				c.complain(path, one.Subject.Start.Line, "%s. %s", one.Summary, one.Detail)
			}
		}
		return nil
	}
	c.checkFormat(path, text)
	body, _ := file.Body.(*hclsyntax.Body)
	return body
}

// checkFormat checks indentation and alignment. The first line that is wrong is enough.
func (c *checker) checkFormat(path string, text []byte) {
	want := bytes.Split(hclwrite.Format(text), []byte("\n"))
	for i, line := range bytes.Split(text, []byte("\n")) {
		if i >= len(want) || !bytes.Equal(line, want[i]) {
			correct := ""
			if i < len(want) {
				correct = string(want[i])
			}
			c.complain(path, i+1, "The indentation or the alignment is wrong. Write %q, or run `terraform fmt`.", correct)
			return
		}
	}
}

// checkHCL checks a file by the folder that it is in.
func (c *checker) checkHCL(path string, text []byte, folder string) {
	body := c.parseHCL(path, text)
	if body == nil {
		return
	}
	switch {
	case folder == "policies":
		c.checkPolicy(path, body)
	case folder == "consul-template" && filepath.Base(path) == "paxos.hcl":
		// The fields of consul-template are not known here. TestConsulTemplate runs this file.
	default:
		c.checkBody(path, body, agentFields, folder)
		c.checkTemplates(path, body)
	}
}

// A block says what a block of a configuration may have.
type block struct {
	attributes []string
	blocks     map[string]block
	labels     int  // how many labels it has
	open       bool // it may have any attribute
}

// checkBody checks that a body has only what the block may have.
func (c *checker) checkBody(path string, body *hclsyntax.Body, allowed block, name string) {
	if !allowed.open {
		for attribute, at := range body.Attributes {
			if !slices.Contains(allowed.attributes, attribute) {
				c.complain(path, at.NameRange.Start.Line, "%s has no field %s: %s.", name, attribute, listed(allowed.attributes))
			}
		}
	}
	for _, inner := range body.Blocks {
		line := inner.TypeRange.Start.Line
		known, ok := allowed.blocks[inner.Type]
		switch {
		case !ok:
			c.complain(path, line, "%s has no block %s: %s.", name, inner.Type,
				listed(slices.Collect(maps.Keys(allowed.blocks))))
		case len(inner.Labels) != known.labels:
			c.complain(path, line, "The block %s has %d labels. Give it %d.", inner.Type, len(inner.Labels), known.labels)
		default:
			c.checkBody(path, inner.Body, known, inner.Type)
		}
	}
}

// texts returns the texts of an attribute that is a text, or a list of texts, known without running anything.
func texts(attribute *hclsyntax.Attribute, context *hcl.EvalContext) (found []string, ok bool) {
	if attribute == nil {
		return nil, false
	}
	value, faults := attribute.Expr.Value(context)
	if faults.HasErrors() || !value.IsWhollyKnown() || value.IsNull() {
		return nil, false
	}
	if value.Type() == cty.String {
		return []string{value.AsString()}, true
	}
	if !value.CanIterateElements() {
		return nil, false
	}
	for _, each := range value.AsValueSlice() {
		if each.Type() != cty.String {
			return nil, false
		}
		found = append(found, each.AsString())
	}
	return found, true
}

// textOf returns the text of an attribute, or "".
func textOf(attribute *hclsyntax.Attribute, context *hcl.EvalContext) string {
	if found, ok := texts(attribute, context); ok && len(found) == 1 {
		return found[0]
	}
	return ""
}
