package main

import (
	"regexp"
	"text/template"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// The fields of Vault Agent and Vault Proxy, as their documentation for Vault 1.21 has them. Both ignore
// most unknown fields without a word.
var (
	executed = block{attributes: []string{"command", "timeout", "splay", "env", "enabled", "kill_signal",
		"kill_timeout", "reload_signal"}, blocks: map[string]block{"env": {attributes: []string{"pristine", "custom",
		"allowlist", "denylist"}}}}
	rendered = []string{"contents", "source", "destination", "perms", "error_on_missing_key", "error_fatal",
		"create_dest_dirs", "backup", "command", "command_timeout", "left_delimiter", "right_delimiter",
		"sandbox_path", "user", "group", "function_denylist"}
	agentFields = block{
		attributes: []string{"pid_file", "exit_after_auth", "disable_idle_connections", "disable_keep_alives",
			"log_level", "log_format", "log_file", "log_rotate_duration", "log_rotate_bytes", "log_rotate_max_files"},
		blocks: map[string]block{
			"vault": {attributes: []string{"address", "ca_cert", "ca_path", "client_cert", "client_key", "tls_skip_verify",
				"tls_server_name", "namespace"}, blocks: map[string]block{"retry": {attributes: []string{"num_retries"}}}},
			"auto_auth": {attributes: []string{"enable_reauth_on_new_credentials"}, blocks: map[string]block{
				"method": {labels: 1, attributes: []string{"mount_path", "wrap_ttl", "min_backoff", "max_backoff", "namespace",
					"exit_on_err", "config"}, blocks: map[string]block{"config": {open: true}}},
				"sink": {labels: 1, attributes: []string{"wrap_ttl", "dh_type", "dh_path", "derive_key", "aad", "aad_env_var",
					"config"}, blocks: map[string]block{"config": {open: true}}},
			}},
			"api_proxy": {attributes: []string{"use_auto_auth_token", "prepend_configured_namespace", "enforce_consistency",
				"when_inconsistent"}},
			"cache": {attributes: []string{"cache_static_secrets", "disable_caching_dynamic_secrets",
				"static_secret_token_capability_refresh_interval", "static_secret_token_capability_refresh_behavior"},
				blocks: map[string]block{"persist": {labels: 1, attributes: []string{"path", "keep_after_import", "exit_on_err",
					"service_account_token_file"}}}},
			"listener": {labels: 1, attributes: []string{"address", "tls_disable", "tls_cert_file", "tls_key_file",
				"require_request_header", "role", "socket_mode", "socket_user", "socket_group"}},
			"template": {attributes: rendered, blocks: map[string]block{"exec": executed,
				"wait": {attributes: []string{"min", "max"}}}},
			"template_config": {attributes: []string{"exit_on_retry_failure", "static_secret_render_interval",
				"max_connections_per_host", "lease_renewal_threshold"}},
			"env_template": {labels: 1, attributes: []string{"contents", "source", "error_on_missing_key", "left_delimiter",
				"right_delimiter", "function_denylist"}},
			"exec": {attributes: []string{"command", "restart_on_secret_changes", "restart_stop_signal", "child_process_stdout",
				"child_process_stderr"}},
		},
	}
)

var (
	// secretOf is the path that a template reads.
	secretOf = regexp.MustCompile("secret [`\"]paxos/([^`\"]+)[`\"]")
	// fieldOf is a field of the answer that a template uses.
	fieldOf = regexp.MustCompile(`\.Data\.([A-Za-z_]+)`)
)

// templateFunctions are those of Vault Agent that the examples use. Parsing needs their names only.
var templateFunctions = template.FuncMap{"secret": nothing, "toJSON": nothing, "env": nothing, "base64Encode": nothing}

// nothing stands for a function of a template.
func nothing(...any) any { return nil }

// checkTemplates checks what the templates of Vault Agent write, and for whom.
func (c *checker) checkTemplates(path string, body *hclsyntax.Body) {
	for _, b := range body.Blocks {
		line := b.TypeRange.Start.Line
		switch b.Type {
		case "template":
			if textOf(b.Body.Attributes["perms"], nil) != "0600" {
				c.complain(path, line, "Other users could read the file. Write perms = \"0600\".")
			}
			c.checkTemplate(path, line, b)
		case "env_template":
			c.checkTemplate(path, line, b)
		case "listener":
			if b.Body.Attributes["socket_mode"] != nil &&
				(b.Body.Attributes["socket_user"] == nil || b.Body.Attributes["socket_group"] == nil) {
				c.complain(path, line, "Vault ignores socket_mode without socket_user and socket_group. Remove it or add them.")
			}
		}
	}
}

// checkTemplate checks that a template can be parsed, fails if a field is missing, and names only fields that
// the path answers.
func (c *checker) checkTemplate(path string, line int, b *hclsyntax.Block) {
	value := b.Body.Attributes["error_on_missing_key"]
	if set := value != nil && isTrue(value); !set {
		c.complain(path, line, "A missing field would be written as <no value>. Write error_on_missing_key = true.")
	}
	contents := textOf(b.Body.Attributes["contents"], nil)
	if _, err := template.New("contents").Funcs(templateFunctions).Parse(contents); err != nil || contents == "" {
		c.complain(path, line, "contents is not a template: %v.", err)
		return
	}
	for _, found := range secretOf.FindAllStringSubmatch(contents, -1) {
		routes := c.engine.find(found[1]) // checkText complains if there is none
		if len(routes) > 0 && !allows(routes, "read") {
			c.complain(path, line, "paxos/%s cannot be read.", found[1])
		}
		for _, field := range fieldOf.FindAllStringSubmatch(contents, -1) {
			if len(routes) > 0 && !answers(routes, field[1]) {
				c.complain(path, line, "paxos/%s answers no field %s: %s.", found[1], field[1], listed(routes[0].Answers))
			}
		}
	}
}

// isTrue reports whether an attribute is the value true.
func isTrue(attribute *hclsyntax.Attribute) bool {
	value, faults := attribute.Expr.Value(nil)
	return !faults.HasErrors() && value.IsKnown() && value.Type().FriendlyName() == "bool" && value.True()
}
