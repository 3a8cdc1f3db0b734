package paxostest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// pathOf returns the path of an operation, with the name of each parameter as its value.
func pathOf(t *testing.T, id string) (method, path string) {
	t.Helper()
	o, ok := catalog.LookupOperation(id)
	if !ok {
		t.Fatalf("no operation %s", id)
	}
	return o.Method, strings.NewReplacer("{", "", "}", "").Replace(o.Path)
}

// TestWhatMoves sends bodies to the operations that move money, in the documented form and with
// aliases, and compares what the server understood.
func TestWhatMoves(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	s := newSigner(h)
	for name, test := range map[string]struct {
		operation, body string
		want            string // source, destination, asset, amount
	}{
		"withdrawal": {withdrawalID, `{"profile_id":"p","crypto_network":"ETHEREUM","destination_address":"0xA",
			"asset":"USDP","amount":"1.50"}`, "p crypto:ETHEREUM:0xA USDP 1.50"},
		"lowerCamelCase": {withdrawalID, `{"profileId":"p","cryptoNetwork":"ETHEREUM","destinationAddress":"0xA",
			"asset":"USDP","amount":"1"}`, "p crypto:ETHEREUM:0xA USDP 1"},
		"alias beside the name": {withdrawalID, `{"profile_id":"p","destination_address":"0xA","destinationAddress":
			"0xB","crypto_network":"E","asset":"USDP","amount":"1"}`, "p crypto:E:0xB USDP 1"},
		"name after the alias": {withdrawalID, `{"profile_id":"p","destinationAddress":"0xB","destination_address":
			"0xA","crypto_network":"E","asset":"USDP","amount":"1"}`, "p crypto:E:0xA USDP 1"},
		"key twice": {withdrawalID, `{"profile_id":"p","crypto_network":"E","destination_address":"0xA",
			"asset":"USDP","amount":"1","\u0061mount":"1000"}`, "p crypto:E:0xA USDP 1000"},
		"null is absent": {withdrawalID, `{"profile_id":"p","crypto_network":"E","destination_address":"0xA",
			"asset":"USDP","amount":"1","amount":null,"total":null}`, "p crypto:E:0xA USDP 1"},
		"another case is unknown": {withdrawalID, `{"profile_id":"p","crypto_network":"E","destination_address":"0xA",
			"asset":"USDP","amount":"1","Amount":"7","AMOUNT":"8","":"9"}`, "p crypto:E:0xA USDP 1"},
		"total": {withdrawalID, `{"profile_id":"p","crypto_network":"E","destination_address":"0xA","asset":"USDP",
			"total":"3"}`, "p crypto:E:0xA USDP 3"},
		"amount and total": {withdrawalID, `{"profile_id":"p","crypto_network":"E","destination_address":"0xA",
			"asset":"USDP","total":"3","amount":"1"}`, "p crypto:E:0xA USDP 3"},
		"no profile": {withdrawalID, `{"crypto_network":"E","destination_address":"0xA","asset":"USDP","amount":"1"}`,
			h.profileID + " crypto:E:0xA USDP 1"},
		"fiat": {"CreateFiatWithdrawal", `{"profile_id":"p","fiat_account_id":"f","asset":"USD","amount":"2"}`,
			"p fiat:f USD 2"},
		"internal": {"CreateInternalTransfer", `{"from_profile_id":"p","toProfileId":"q","asset":"USD","amount":"2"}`,
			"p profile:q USD 2"},
		"to another Entity": {"CreatePaxosTransfer", `{"from_profile_id":"p","to_profile_id":"q","asset":"USD",
			"amount":"2"}`, "p profile:q USD 2"},
		"orchestration": {"CreateOrchestration", `{"source":{"profile":{"profileId":"p"}},"source_asset":"USD",
			"sourceAmount":"4","destination":{"crypto":{"network":"SOLANA","address":"a"}}}`,
			"p crypto:SOLANA:a USD 4"},
		"orchestration to an address by id": {"CreateOrchestration", `{"source":{"profile":{"profile_id":"p"}},
			"source_asset":"USD","source_amount":"4","destination":{"crypto":{"network":"SOLANA","address":"a",
			"addressId":"i"}}}`, "p address:i USD 4"},
		"orchestration to a bank": {"CreateOrchestration", `{"source":{"profile":{"profile_id":"p"}},
			"source_asset":"USD","source_amount":"4","destination":{"fiat":{"bank_account_id":"b"}}}`,
			"p fiat:b USD 4"},
		"rule": {"CreateOrchestrationRule", `{"profile_id":"p","destination":{"fiat":{"fiat_account_id":"b"}}}`,
			"p fiat:b  "},
		"conversion": {"CreateStablecoinConversion", `{"profile_id":"p","source_asset":"USDP","target_asset":"USD",
			"amount":"4"}`, "p profile:p USDP 4"},
		"conversion for another": {"CreateStablecoinConversion", `{"profile_id":"p","source_asset":"USDP",
			"amount":"4","recipientProfileId":"q"}`, "p profile:q USDP 4"},
		"settlement": {"CreateTransaction", `{"source_profile_id":"p","target_profile_id":"q","legs":[
			{"direction":"DELIVER","asset":"USD","amount":"0.1"},{"direction":"RECEIVE","asset":"BTC","amount":"9"},
			{"direction":"DELIVER","asset":"USD","amount":"0.2"}]}`, "p profile:q USD 0.3"},
		"settlement of two assets": {"CreateTransaction", `{"source_profile_id":"p","target_profile_id":"q","legs":[
			{"direction":"DELIVER","asset":"USD","amount":"100"},
			{"direction":"DELIVER","asset":"BTC","amount":"2"}]}`, "p profile:q USD,BTC 100,2"},
		"order": {"CreateOrder", `{"market":"BTCUSD","side":"BUY","base_amount":"1"}`,
			"profile_id profile:profile_id  "},
		"order for another": {"CreateOrder", `{"profile_id":"x","recipient_profile_id":"q"}`, "profile_id profile:q  "},
		"quote execution":   {"CreateQuoteExecution", `{"quote_id":"x"}`, "profile_id profile:profile_id  "},
		"payout group": {"CreatePayoutGroup", `{"ledger":"ETHEREUM","claimer_address":"0xA"}`,
			" crypto:ETHEREUM:0xA  "},
		"saved address": {"PutCryptoDestinationAddress", `{"crypto_network":"E","address":"0xA"}`,
			" crypto:E:0xA  "},
		"saved address by id": {"PutCryptoDestinationAddress", `{"crypto_network":"E","address":"0xA","id":"i"}`,
			" address:i  "},
		"no body": {"AffirmTransaction", ``, "   "},
	} {
		method, path := pathOf(t, test.operation)
		reference := newUUID()
		body := test.body
		if rest, ok := strings.CutPrefix(body, "{"); ok {
			body = `{"refId":"` + reference + `",` + rest
		} else {
			reference = ""
		}
		wantAccepted(t, name, s.sendSigned(method, path, body))
		all := h.Executed()
		e := all[len(all)-1]
		if got := fmt.Sprint(e.Source, " ", e.Destination, " ", e.Asset, " ", e.Amount); got != test.want {
			t.Errorf("%s: moved %q, want %q", name, got, test.want)
		}
		if e.Operation != test.operation || e.Method != method || e.Path != path || e.ReferenceID != reference ||
			e.ClientID != s.clientID || !e.At.Equal(h.clock.Now()) {
			t.Errorf("%s: executed %+v", name, e)
		}
	}
}

// TestRestOfExecution checks the fields that say more than from where to where how much.
func TestRestOfExecution(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	s := newSigner(h)
	wantAccepted(t, "withdrawal", s.sendSigned(http.MethodPost, withdrawalPath+"?a=b", `{"ref_id":"r","memo":"m",
		"balanceAsset":"USDG","identityId":"i","account_id":"a","metadata":{"orderId":"x","empty":null},
		"legs":[{"someName":1}]}`))
	e := h.Executed()[0]
	if e.Memo != "m" || e.BalanceAsset != "USDG" ||
		!slices.Equal(e.EndUsers, []string{"identity_id=i", "account_id=a"}) ||
		e.Path != withdrawalPath+"?a=b" {
		t.Errorf("executed %+v", e)
	}
	want := "map[account_id:a balance_asset:USDG identity_id:i legs:[map[some_name:1]] memo:m " +
		"metadata:map[orderId:x] " +
		"ref_id:r]"
	if got := fmt.Sprint(e.Body); got != want {
		t.Errorf("the body was understood as\n%s, want\n%s", got, want)
	}
}

// TestBodiesThatAreNotUnderstood checks that operations that move money refuse such bodies, and that
// others take any body.
func TestBodiesThatAreNotUnderstood(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	s := newSigner(h)
	for body, detail := range map[string]string{
		`[]`:                          "the body is not one JSON object",
		`{"ref_id":"r"} {}`:           "the body is not one JSON object",
		`{"ref_id":"r",}`:             "the body is not one JSON object",
		"\ufeff" + `{"ref_id":"r"}`:   "the body is not one JSON object",
		strings.Repeat("[", 100_000):  "the body is not one JSON object",
		`{"ref_id":5}`:                "ref_id: not a string",
		`{"ref_id":"r","amount":5}`:   "amount: not a string",
		`{"ref_id":"r","asset":{}}`:   "asset: not a string",
		`{"ref_id":"r","memo":["m"]}`: "memo: not a string",
	} {
		wantRefused(t, body[:min(len(body), 40)], s.sendSigned(http.MethodPost, withdrawalPath, body), 400, detail)
	}
	method, path := pathOf(t, "CreateTransaction")
	for body, detail := range map[string]string{
		`{"legs":[5]}`: "legs: not an object",
		`{"legs":[{"direction":"DELIVER","amount":"1e9"}]}`: "legs: amount is not a decimal number",
	} {
		wantRefused(t, body, s.sendSigned(method, path, body), 400, detail)
	}
	method, path = pathOf(t, "CreateOrchestration")
	wantRefused(t, "source", s.sendSigned(method, path, `{"source":"p"}`), 400, "source: not an object")
	if executed := h.Executed(); len(executed) != 0 {
		t.Errorf("executed %+v", executed)
	}
	method, path = pathOf(t, "CreateProfile")
	wantAccepted(t, "no money moves", s.sendSigned(method, path, `not JSON`))
}

// TestRepeatedReference checks that a ref_id is accepted once in the Entity, whichever client or
// operation repeats it, in its alias too; that one of a refused request can be used; and that requests
// without one can be repeated.
func TestRepeatedReference(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	s, other := newSigner(h), newSigner(h)
	_, order := pathOf(t, "CreateOrder")
	_, internal := pathOf(t, "CreateInternalTransfer")
	_, identity := pathOf(t, "CreateIdentity")
	wantRefused(t, "refused", s.sendSigned(http.MethodPost, internal, `{"ref_id":"r","amount":1}`), 400, "amount")
	wantAccepted(t, "first", s.sendSigned(http.MethodPost, internal, `{"ref_id":"r"}`))
	for name, a := range map[string]answer{
		"again":                        s.sendSigned(http.MethodPost, internal, `{"ref_id":"r"}`),
		"with its alias":               s.sendSigned(http.MethodPost, internal, `{"refId":"r","amount":"9"}`),
		"another operation":            s.sendSigned(http.MethodPost, order, `{"ref_id":"r"}`),
		"another client":               other.sendSigned(http.MethodPost, withdrawalPath, `{"ref_id":"r"}`),
		"an operation that moves none": other.sendSigned(http.MethodPost, identity, `{"ref_id":"r"}`),
		"with a signature":             other.callSigned(http.MethodPost, withdrawalPath, `{"ref_id":"r"}`),
	} {
		wantRefused(t, name, a, http.StatusConflict, "ref_id already used: r")
		meta, _ := a.object(t)["meta"].(map[string]any)
		existing, _ := meta["existing"].(map[string]any)
		if existing["ref_id"] != "r" || a.object(t)["type"] != problemBase+"already-exists" {
			t.Errorf("%s: the conflict does not name what exists: %s", name, a.body)
		}
	}
	wantAccepted(t, "identity", s.sendSigned(http.MethodPost, identity, `{"ref_id":"s"}`))
	wantRefused(t, "identity again", s.sendSigned(http.MethodPost, identity, `{"ref_id":"s"}`), 409, "ref_id already")
	wantAccepted(t, "none", s.sendSigned(http.MethodPost, order, `{}`))
	wantAccepted(t, "none again", s.sendSigned(http.MethodPost, order, `{"ref_id":""}`))
	if executed := h.Executed(); len(executed) != 4 {
		t.Errorf("%d were executed, want 4: %+v", len(executed), executed)
	}
}

// TestMovementsAreOfTheCatalogue checks that every movement belongs to an operation that changes
// something and whose path has the parameters that it names.
func TestMovementsAreOfTheCatalogue(t *testing.T) {
	t.Parallel()
	for id, m := range movements {
		o, ok := catalog.LookupOperation(id)
		name, fromPath := strings.CutPrefix(m.source, "path:")
		if !ok || o.Method == http.MethodGet || fromPath && !strings.Contains(o.Path, "{"+name+"}") {
			t.Errorf("%s is %+v", id, o)
		}
	}
}
