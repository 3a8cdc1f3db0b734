package backend_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

func TestBadClients(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, nil)
	made, secret, err := m.Paxos.CreateCredential(paxostest.Credential{Nickname: "vault-x",
		Scopes: []string{leasedScope}})
	if err != nil {
		t.Fatal(err)
	}
	stocked := m.Must(logical.ReadOperation, "clients/c0", nil).Data["client_id"]
	stock := func(change map[string]any) map[string]any {
		data := map[string]any{"client_id": made.ClientID, "client_secret": secret, "scopes": leasedScope,
			"purpose": "lease"}
		for name, value := range change {
			data[name] = value
		}
		return data
	}
	settings := func() string { // the proofs leave their tokens on record for a while
		var kept []string
		for line := range strings.Lines(m.Stored()) {
			if strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "ledger/") {
				kept = append(kept, line)
			}
		}
		slices.Sort(kept)
		return strings.Join(kept, "")
	}
	before := settings()
	for what, wrong := range map[string]struct {
		operation logical.Operation
		path      string
		data      map[string]any
		says      string
	}{
		"no secret": {logical.UpdateOperation, "clients/x",
			map[string]any{"client_id": "x", "scopes": leasedScope, "purpose": "mint"}, "client_secret"},
		"no purpose": {logical.UpdateOperation, "clients/x",
			map[string]any{"client_id": "x", "client_secret": "y",
				"scopes": leasedScope}, "mint (roles request tokens with it), lease"},
		"an unknown purpose": {logical.UpdateOperation, "clients/x", stock(map[string]any{"purpose": "rent"}),
			"standby (it may become the root client)"},
		"another purpose": {logical.UpdateOperation, "clients/c0", map[string]any{"purpose": "standby"},
			"cannot be changed (it is lease). Delete the client and store it again with purpose=standby"},
		"no purpose any more": {logical.PatchOperation, "clients/c0", map[string]any{"purpose": nil},
			"purpose must be"},
		"a role requests tokens with a client for leasing": {logical.UpdateOperation, "roles/x",
			map[string]any{"scopes": leasedScope, "client": "c0"}, "purpose=mint only"},
		"standbys of old": {logical.UpdateOperation, "config",
			map[string]any{"standby_clients": "c0"}, "purpose=standby"},
		"no scopes": {logical.UpdateOperation, "clients/x",
			map[string]any{"client_id": "x", "client_secret": "y", "purpose": "mint"}, "scopes"},
		"a wrong secret": {logical.UpdateOperation, "clients/x",
			stock(map[string]any{"client_secret": backendtest.Canary}), "Not saved: Paxos rejected"},
		"more scopes": {logical.UpdateOperation, "clients/x",
			stock(map[string]any{"scopes": leasedScope + ",funding:read_profile"}), "funding:read_profile"},
		"the root": {logical.UpdateOperation, "clients/x",
			stock(map[string]any{"client_id": m.Client.ClientID,
				"client_secret": m.Secret}), "as the root client"},
		"twice": {logical.UpdateOperation, "clients/x",
			stock(map[string]any{"client_id": stocked, "verify_connection": false}), "as clients/c0"},
		"another client": {logical.UpdateOperation, "clients/c0",
			map[string]any{"client_id": made.ClientID}, "client_id cannot be changed"},
		"another secret": {logical.UpdateOperation, "clients/c0",
			map[string]any{"client_secret": backendtest.Canary}, "`vault write paxos/clients/c0/rotate client_secret=-`"},
		"a bad role name": {logical.PatchOperation, "clients/c0",
			map[string]any{"allowed_roles": "a/b"}, "allowed_roles"},
		"none to patch": {logical.PatchOperation, "clients/x", map[string]any{"label": "y"},
			`Client "x" does not exist`},
		"none to rotate": {logical.UpdateOperation, "clients/x/rotate",
			map[string]any{"client_secret": backendtest.Canary}, `Client "x" does not exist`},
		"rotated to a wrong": {logical.UpdateOperation, "clients/c0/rotate",
			map[string]any{"client_secret": backendtest.Canary}, "Not saved: Paxos rejected"},
		"the root replaced": {logical.UpdateOperation, "config/replace-root",
			map[string]any{"client_id": stocked, "client_secret": backendtest.Canary}, "clients/c0"},
		"a changed host": {logical.UpdateOperation, "config/connection",
			map[string]any{"api_url": "https://example.com/v2"}, "cannot be changed"},
		"a role of no client": {logical.UpdateOperation, "roles/x",
			map[string]any{"credential_type": "client_credentials"}, "clients"},
		"a role of two types": {logical.UpdateOperation, "roles/x",
			map[string]any{"credential_type": "client_credentials", "clients": "c0",
				"unique_tokens": true}, "unique_tokens"},
		"a pool of tokens": {logical.UpdateOperation, "roles/x",
			map[string]any{"scopes": leasedScope, "clients": "c0"}, "clients is only for roles"},
		"a changed type": {logical.UpdateOperation, "roles/vendor",
			map[string]any{"credential_type": "access_token", "scopes": leasedScope}, "credential_type"},
		"an unknown end": {logical.UpdateOperation, "roles/vendor",
			map[string]any{"on_revoke": "burn"}, "on_revoke"},
		"scopes when leasing": {logical.UpdateOperation, "creds/vendor",
			map[string]any{"scopes": leasedScope}, "whole clients"},
		"a token of a pool": {logical.ReadOperation, "token/vendor", nil, "creds/vendor"},
		"an empty prefix": {logical.UpdateOperation, "config/guardrails",
			map[string]any{"deletable_label_prefix": " "}, "deletable_label_prefix"},
		"no such standby": {logical.UpdateOperation, "config/promote-standby",
			map[string]any{"client": "c0"}, "has purpose=lease, not standby"},
		"a promotion that verifies nothing": {logical.UpdateOperation, "config/promote-standby",
			map[string]any{"verify_connection": false}, "Unknown parameter"},
		"a promotion that deletes the old root": {logical.UpdateOperation, "config/promote-standby",
			map[string]any{"delete_old_at_paxos": true}, "Unknown parameter"},
	} {
		t.Run(what, func(t *testing.T) {
			status, text := m.Refused(wrong.operation, wrong.path, wrong.data)
			if status < 400 || status >= 500 || !strings.Contains(text, wrong.says) ||
				strings.Contains(text, backendtest.Canary) {
				t.Errorf("%d %s", status, text)
			}
			if settings() != before {
				t.Error("something was stored")
			}
		})
	}
}
