package main

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// capabilities are what a policy may grant.
var capabilities = []string{"create", "read", "update", "patch", "delete", "list", "sudo", "deny"}

// policyFields are what a policy of Vault may have.
var policyFields = block{blocks: map[string]block{"path": {labels: 1, attributes: []string{"capabilities",
	"allowed_parameters", "denied_parameters", "required_parameters", "min_wrapping_ttl", "max_wrapping_ttl"}}}}

// checkPolicy checks the paths of a policy, and what it grants on those of the engine.
func (c *checker) checkPolicy(path string, body *hclsyntax.Body) {
	c.checkBody(path, body, policyFields, "A policy")
	seen := map[string]bool{}
	for _, rule := range body.Blocks {
		if rule.Type != "path" || len(rule.Labels) != 1 {
			continue
		}
		name, line := rule.Labels[0], rule.TypeRange.Start.Line
		if seen[name] {
			c.complain(path, line, "The path %s is there twice. Make one block of both: Vault uses only one.", name)
		}
		seen[name] = true
		granted, ok := texts(rule.Body.Attributes["capabilities"], nil)
		if !ok || len(granted) == 0 {
			c.complain(path, line, "The path %s has no capabilities. Write capabilities = [\"read\"], for example.", name)
		}
		for _, each := range granted {
			if !slices.Contains(capabilities, each) {
				c.complain(path, line, "Vault has no capability %s: %s.", each, listed(capabilities))
			}
		}
		if name, ok := strings.CutPrefix(name, mount); ok {
			c.checkGrant(path, line, name, granted)
			c.checkLimits(path, rule.Body, name)
		}
	}
}

// checkGrant checks that the engine has the path and the operations that a policy grants, and that sudo is
// granted where Vault needs it, and only there.
func (c *checker) checkGrant(path string, line int, name string, granted []string) {
	routes := c.engine.find(name)
	if len(routes) == 0 {
		c.complain(path, line, "The engine has no path %s%s. Look for the right one in docs/api/README.md.", mount, name)
		return
	}
	needed := func(r *route) bool { return r.Sudo }
	sudo := slices.Contains(granted, "sudo")
	for _, each := range granted {
		if slices.Contains(capabilities, each) && each != "sudo" && each != "deny" && !allows(routes, each) {
			c.complain(path, line, "%s%s has no operation for %q. Remove it.", mount, name, each)
		}
	}
	switch {
	case sudo && !slices.ContainsFunc(routes, needed):
		c.complain(path, line, "%s%s does not need sudo. Remove it.", mount, name)
	case !sudo && !slices.ContainsFunc(routes, func(r *route) bool { return !r.Sudo }):
		c.complain(path, line, "%s%s needs sudo. Add it to the capabilities.", mount, name)
	}
}

// checkLimits checks that the path has the parameters that a policy allows, denies or requires.
func (c *checker) checkLimits(path string, rule *hclsyntax.Body, name string) {
	routes := c.engine.find(name)
	for _, limit := range []string{"allowed_parameters", "denied_parameters", "required_parameters"} {
		attribute := rule.Attributes[limit]
		if attribute == nil || len(routes) == 0 {
			continue
		}
		value, faults := attribute.Expr.Value(nil)
		if faults.HasErrors() || !value.CanIterateElements() {
			c.complain(path, attribute.NameRange.Start.Line, "%s is not a list or a map of parameters.", limit)
			continue
		}
		for index, each := range value.Elements() {
			if !value.Type().IsObjectType() && !value.Type().IsMapType() {
				index = each
			}
			if index.Type() != cty.String {
				continue
			}
			if _, known := parameter(routes, index.AsString()); !known && index.AsString() != "*" {
				c.complain(path, attribute.NameRange.Start.Line, "%s%s has no parameter %s: %s.", mount, name,
					index.AsString(), parametersOf(routes))
			}
		}
	}
}
