package main

import "slices"

// metaArguments are what every resource of Terraform may have.
var metaArguments = []string{"count", "depends_on", "for_each", "provider"}

// lifecycle is a block that every resource may have.
var lifecycle = block{open: true, blocks: map[string]block{"precondition": {open: true}, "postcondition": {open: true}}}

// resource is the description of a resource with these arguments.
func resource(arguments ...string) block {
	return block{attributes: slices.Concat(arguments, metaArguments), blocks: map[string]block{"lifecycle": lifecycle}}
}

// The resources of the Vault provider that the examples use, with the arguments that its documentation for
// version 5.11 has. Add to it what a new example needs.
var (
	terraformResources = map[string]block{
		"vault_mount": resource("namespace", "path", "type", "description", "default_lease_ttl_seconds",
			"max_lease_ttl_seconds", "audit_non_hmac_response_keys", "audit_non_hmac_request_keys", "local", "options",
			"seal_wrap", "external_entropy_access", "allowed_managed_keys", "listing_visibility",
			"passthrough_request_headers", "allowed_response_headers", "plugin_version"),
		"vault_generic_endpoint": resource("namespace", "path", "data_json", "data_json_wo", "data_json_wo_version",
			"disable_read", "disable_delete", "ignore_absent_fields", "write_fields"),
		"vault_policy": resource("namespace", "name", "policy"),
		"terraform_data": {attributes: append([]string{"input", "triggers_replace"}, metaArguments...),
			blocks: map[string]block{"lifecycle": lifecycle, "provisioner": {labels: 1, open: true}}},
	}
	terraformEphemerals = map[string]block{
		"vault_generic_secret":   resource("namespace", "path", "version", "with_lease_start_time", "mount_id"),
		"vault_generic_endpoint": resource("namespace", "path", "data_json", "write_fields", "path_wrap_ttl", "mount_id"),
	}
	vaultProvider = block{attributes: []string{"address", "add_address_to_env", "token", "token_name", "ca_cert_file",
		"ca_cert_dir", "skip_tls_verify", "tls_server_name", "skip_child_token", "max_lease_ttl_seconds", "max_retries",
		"max_retries_ccc", "namespace", "set_namespace_from_token", "skip_get_vault_version", "vault_version_override",
		"alias"}, blocks: map[string]block{"auth_login": {open: true}, "auth_login_jwt": {open: true},
		"headers": {attributes: []string{"name", "value"}}}}
	terraformSettings = block{attributes: []string{"required_version"}, blocks: map[string]block{
		"required_providers": {open: true}, "backend": {labels: 1, open: true}}}
)
