package main

import "strings"

// A topic is a heading under which the page lists the texts of some files.
type topic struct {
	title string
	files []string // how their names begin, as package/file
}

// The topics, in the order of the page. A text is under the first topic that names its file.
var topics = []topic{
	{"paxos-proxy", []string{"main/"}},
	{"Token requests and rate limits", []string{"limits/", "broker/", "backend/limits", "backend/refusal_texts"}},
	{"Signatures: `sign/`, `signers/` and `keys/`", []string{"payment/", "spending/", "signing/", "backend/sign",
		"backend/key", "backend/path_key", "backend/path_sign", "backend/countable", "backend/payment",
		"backend/last_signed", "backend/spending"}},
	{"Stored and leased clients: `clients/`, and `creds/` of clients", []string{"backend/client_", "backend/path_client",
		"backend/stored_client", "backend/checkout", "backend/claims", "backend/purpose", "backend/quarantine",
		"backend/deletion", "backend/verify_client", "backend/lease"}},
	{"The root client and its secrets", []string{"backend/root", "backend/path_root", "backend/path_promote",
		"backend/standby", "backend/recognize", "backend/verify_secret", "backend/generations"}},
	{"Roles, scopes and scope sets", []string{"backend/role", "backend/path_role", "backend/scope_set",
		"backend/path_scope", "backend/path_operations", "backend/filter", "backend/spec", "catalog/"}},
	{"Tokens: `creds/`, `token/`, `lookup` and `revocations/`", []string{"backend/token_request", "backend/path_creds",
		"backend/path_token", "backend/path_lookup", "backend/path_revocations", "backend/issue", "backend/ending",
		"backend/permission"}},
	{"Guardrails and lockdown", []string{"backend/guardrails", "backend/path_guardrails", "backend/lockdown",
		"backend/path_lockdown"}},
	{"Reports, exceptions and probe", []string{"backend/exception", "backend/path_exceptions", "backend/path_drift",
		"backend/path_privilege", "backend/compare", "backend/path_probe", "backend/probe", "report/"}},
	{"Configuration and connection", []string{"backend/config", "backend/path_config", "backend/connection",
		"backend/path_connection", "backend/session", "backend/path_metrics"}},
	{"Any path", []string{""}},
}

// topicOf returns the index of the topic of a text.
func topicOf(one text) int {
	for i, t := range topics {
		for _, start := range t.files {
			if strings.HasPrefix(one.file, start) {
				return i
			}
		}
	}
	return len(topics) - 1
}
