package backend_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// TestTheCatalogueAsksNobody reads all of it, on a mount whose storage is broken.
func TestTheCatalogueAsksNobody(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.Storage.FailReads.Store(true)
	for _, path := range []string{"scopes", "operations"} {
		for _, name := range texts(m.Must(logical.ListOperation, path, nil).Data["keys"]) {
			m.Must(logical.ReadOperation, path+"/"+name, nil)
		}
	}
	if calls := m.Paxos.TotalCalls(); calls != 0 {
		t.Errorf("Paxos was called %d times", calls)
	}
}

func TestTheCatalogueIsListed(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	for _, wanted := range []struct {
		path  string
		data  map[string]any
		count int
		names string // if there are few
	}{
		{"scopes/", nil, len(catalog.Scopes()), ""},
		{"scopes", map[string]any{"risk": "admin"}, 2, "[api_creds:delete_credentials api_creds:read_credentials]"},
		{"scopes", map[string]any{"q": "CRYPTO_WITHDRAWAL"}, 2,
			"[fee:write_crypto_withdrawal_fee transfer:write_crypto_withdrawal]"},
		{"scopes", map[string]any{"q": "dedicated bank"}, 1, "[funding:read_bank_balance]"},
		{"scopes", map[string]any{"q": "fiat", "risk": "moves-money", "limit": 1,
			"after": "transfer:write_fiat_account"}, 1, "[transfer:write_fiat_withdrawal]"},
		{"scopes", map[string]any{"q": "no such text"}, 0, "[]"},
		{"operations/", nil, len(catalog.Operations()), ""},
		{"operations", map[string]any{"risk": "admin"}, 2, "[DeleteApiCredentials ListApiCredentials]"},
		{"operations", map[string]any{"tag": "transfers"}, 2, "[GetTransfer ListTransfers]"},
		{"operations", map[string]any{"tag": "Transfers", "q": "single", "risk": "read"}, 0, "[]"},
		{"operations", map[string]any{"q": "transfer/INTERNAL"}, 1, "[CreateInternalTransfer]"},
		{"operations", map[string]any{"limit": 2, "after": "GetTransfer"}, 2, "[GetVasp GetVerification]"},
	} {
		got := m.Must(logical.ListOperation, wanted.path, wanted.data).Data
		names := texts(got["keys"])
		if len(names) != wanted.count || wanted.names != "" && fmt.Sprint(names) != wanted.names ||
			!slices.IsSorted(names) {
			t.Errorf("%s %v lists %d: %s; want %d %s", wanted.path, wanted.data, len(names), names, wanted.count,
				wanted.names)
		}
		if info, _ := got["key_info"].(map[string]any); len(info) != len(names) {
			t.Errorf("%s %v says something of %d names of %d", wanted.path, wanted.data, len(info), len(names))
		}
	}
	info := m.Must(logical.ListOperation, "operations", map[string]any{"q": "GetTransfer"}).Data["key_info"]
	want := "map[GetTransfer:map[access:scope method:GET path:/v2/transfer/transfers/{id} risk:read " +
		"scopes:[transfer:read_transfer] tag:Transfers]]"
	if fmt.Sprint(info) != want {
		t.Errorf("the list says %v, want %s", info, want)
	}
}

func TestAScopeIsExplained(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	got := m.Must(logical.ReadOperation, "scopes/transfer:write_crypto_withdrawal", nil).Data
	for name, want := range map[string]string{
		"name": "transfer:write_crypto_withdrawal", "risk": "moves-money", "operations": "[CreateCryptoWithdrawal]",
		"scope_sets": "[mint-redeem-convert mint-redeem-convert-legacy stablecoin-pay-ins fireblocks]",
	} {
		if fmt.Sprint(got[name]) != want {
			t.Errorf("%s is %v, want %s", name, got[name], want)
		}
	}
	if pages := texts(got["documented_in"]); len(pages) != 5 || !strings.HasSuffix(pages[0], "openapi.json") {
		t.Errorf("it is documented in %s", pages)
	}
	stream := m.Must(logical.ReadOperation, "scopes/exchange:read_aggregated_marketdata_stream", nil).Data
	if pages := fmt.Sprint(stream["documented_in"]); strings.Contains(pages, "openapi.json") ||
		!strings.Contains(pages, "smart-order-routing") {
		t.Errorf("the scope of the WebSocket is documented in %s", pages)
	}
}

func TestAnOperationIsExplained(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	for id, wanted := range map[string]map[string]string{
		"GetTransfer": {
			"method": "GET", "path": "/v2/transfer/transfers/{id}", "access": "scope",
			"scopes": "[transfer:read_transfer]", "match": "all", "tag": "Transfers",
			"least_scopes": "[transfer:read_transfer]", "also_opens": "[ListTransfers]", "risk": "read",
			"moves_money": "false", "deprecated": "false",
		},
		"CreatePayoutGroup": {"match": "any",
			"scopes":       "[rewards:create_payout_groups rewards:write_payout_groups]",
			"least_scopes": "[rewards:create_payout_groups]", "also_opens": "[]"},
		"ListMarkets": {"access": "none", "scopes": "[]", "least_scopes": "[]", "also_opens": "[]",
			"risk": "read"},
		"ListVasps": {"access": "token", "scopes": "[]", "least_scopes": "[]"},
		"CreateCryptoWithdrawal": {
			"risk": "moves-money", "moves_money": "true", "method": "POST",
		},
	} {
		got := m.Must(logical.ReadOperation, "operations/"+id, nil).Data
		for name, want := range wanted {
			if fmt.Sprint(got[name]) != want {
				t.Errorf("%s of %s is %v, want %s", name, id, got[name], want)
			}
		}
	}
}

func TestWhatTheCatalogueLacksIsSaid(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	for _, wanted := range []struct {
		operation logical.Operation
		path      string
		data      map[string]any
		status    int
		says      string
	}{
		{logical.ReadOperation, "scopes/event:read_event", nil, 404,
			`no scope "event:read_event" (did you mean events:read_event?)`},
		{logical.ReadOperation, "scopes/new:scope", nil, 404, `no scope "new:scope". List all with `},
		{logical.ReadOperation, "scopes/Funding", nil, 400, `"Funding", which is not a scope`},
		{logical.ReadOperation, "scopes/" + strings.Repeat("a", 5000), nil, 400, "which is not a scope"},
		{logical.ReadOperation, "operations/gettransfer", nil, 404,
			`no operation "gettransfer" (did you mean GetTransfer?)`},
		{logical.ReadOperation, "operations/" + strings.Repeat("a", 5000), nil, 404, "no operation \"aaaa"},
		{logical.ReadOperation, "operations/GetTransfer/x", nil, 404, "This path does not exist"},
		{logical.ListOperation, "scopes", map[string]any{"risk": "high"}, 400,
			"risk must be read, write, moves-money or admin"},
		{logical.ListOperation, "operations", map[string]any{"risk": ""}, 400, "risk must be read"},
		{logical.ListOperation, "operations", map[string]any{"tag": "Transfer"}, 400,
			`Unknown tag "Transfer". Valid tags: `},
		{logical.ListOperation, "scopes", map[string]any{"tag": "Transfers"}, 400,
			`Unknown parameter "tag". Parameters of this path: after, limit, q, risk`},
		{logical.ListOperation, "scopes", map[string]any{"limit": 0}, 400, "limit must be at least 1"},
		{logical.ListOperation, "scopes", map[string]any{"q": []any{"a"}}, 400, "q must be a string"},
	} {
		status, text := m.Refused(wanted.operation, wanted.path, wanted.data)
		if status != wanted.status || !strings.Contains(text, wanted.says) || len(text) > 1500 {
			t.Errorf("%s %.60s %v: %d %.300s; want %d and %s", wanted.operation, wanted.path, wanted.data, status,
				text, wanted.status, wanted.says)
		}
	}
}

// TestEveryTagIsNamedByItself guards the filter against two tags that differ in case.
func TestEveryTagIsNamedByItself(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	count := map[string]int{}
	for _, o := range catalog.Operations() {
		count[o.Tag]++
	}
	for tag, want := range count {
		if got := len(texts(m.Must(logical.ListOperation, "operations",
			map[string]any{"tag": strings.ToUpper(tag)}).Data["keys"])); got != want {
			t.Errorf("tag %s lists %d operations, want %d", tag, got, want)
		}
	}
}

// TestWhatASignerJudgesIsShown reads how signers judge operations of each kind.
func TestWhatASignerJudgesIsShown(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	for id, want := range map[string]string{
		"CreateInternalTransfer": "amount [amount asset from_account_id from_identity_id from_profile_id metadata " +
			"recipient_metadata ref_id to_account_id to_identity_id to_profile_id]",
		"AffirmTransaction": "unlimited []",
		"CancelOrder":       "named []",
		"GetTransfer":       " []",
	} {
		read := m.Must(logical.ReadOperation, "operations/"+id, nil).Data
		if got := fmt.Sprint(read["judged"], " ", read["body_fields"]); got != want {
			t.Errorf("%s: %s; want %s", id, got, want)
		}
	}
}
