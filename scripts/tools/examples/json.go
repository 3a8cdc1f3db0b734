package main

import (
	"bytes"
	"encoding/json"
	"errors"
)

// checkJSON checks that a file is JSON.
func (c *checker) checkJSON(path string, text []byte) {
	var value any
	err := json.Unmarshal(text, &value)
	if err == nil {
		c.checkLogin(path, text)
		return
	}
	line := 0
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		line = 1 + bytes.Count(text[:min(int(syntax.Offset), len(text))], []byte("\n"))
	}
	c.complain(path, line, "It is not JSON: %v. Correct it there.", err)
}

// boundClaims are what a role for GitHub Actions must bind. Without the event, code of a fork may log in
// (pull_request_target). Without the workflow, every workflow of the repository can.
var boundClaims = []string{"repository_id", "job_workflow_ref", "ref", "event_name", "environment"}

// checkLogin checks that a role of the auth method jwt, if the file is one, admits only what is meant.
func (c *checker) checkLogin(path string, text []byte) {
	var role struct {
		Type      string         `json:"role_type"`
		Audiences []string       `json:"bound_audiences"`
		Kind      string         `json:"bound_claims_type"`
		Claims    map[string]any `json:"bound_claims"`
		Longest   string         `json:"token_max_ttl"`
	}
	if err := json.Unmarshal(text, &role); err != nil || role.Type != "jwt" {
		return
	}
	for _, claim := range boundClaims {
		if _, bound := role.Claims[claim]; !bound {
			c.complain(path, 0, "The role does not bind the claim %s, so other runs can log in. Add it to bound_claims.", claim)
		}
	}
	if role.Kind != "string" {
		c.complain(path, 0, "With patterns, other claims may match. Write \"bound_claims_type\": \"string\".")
	}
	if len(role.Audiences) == 0 || role.Longest == "" {
		c.complain(path, 0, "The role needs bound_audiences and token_max_ttl. Add them.")
	}
}
