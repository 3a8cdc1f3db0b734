package backend_test

import (
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/paxostest"
	"vault-plugin-secrets-paxos/backend/payment"
)

// A cashier is a mount whose Paxos demands a signature of every operation, with a token that may call
// them all.
type cashier struct {
	*mount
	token string
	refs  int // how many ref_ids were used
}

// newCashier returns a mount with a key and no signer.
func newCashier(t *testing.T) *cashier {
	t.Helper()
	c := &cashier{mount: newInProcessMount(t)}
	scopes := c.makeOmnipotent()
	c.Must(logical.UpdateOperation, "roles/all", map[string]any{"scopes": scopes})
	c.Must(logical.UpdateOperation, "keys/payments", nil)
	registered, err := c.Paxos.RegisterPublicKey(c.Client.ClientID, "vault",
		c.keyVersion("payments", 1)["public_key"].(string))
	if err != nil {
		t.Fatal(err)
	}
	c.Must(logical.UpdateOperation, "keys/payments/kid", map[string]any{"kid": registered.ID})
	var demanding []string
	for _, o := range catalog.Operations() {
		if o.Access != catalog.Public {
			demanding = append(demanding, o.ID)
		}
	}
	if err := c.Paxos.EnforceSignatures(paxostest.Enforcement{Operations: demanding}); err != nil {
		t.Fatal(err)
	}
	c.token = backendtest.Token(c.Must(logical.ReadOperation, "creds/all", nil))
	return c
}

// allow writes the signer "one", which may have these operations signed, up to 100 of an asset.
func (c *cashier) allow(operations, unlimited string) {
	c.T.Helper()
	c.Must(logical.UpdateOperation, "signers/one", map[string]any{"key": "payments", "operations": operations,
		"unlimited_operations": unlimited, "sources": payer, "end_users": endUser,
		"destinations": []string{"crypto:ETHEREUM:" + wallet, "fiat:" + bank, "profile:" + payee},
		"limits":       map[string]any{paidAsset: "100", debited: "100"}})
}

// fresh gives a body a ref_id of its own.
func (c *cashier) fresh(body string) string {
	c.refs++
	return strings.ReplaceAll(body, mark, fmt.Sprint("ref-canary-", c.refs))
}

// try asks for a signature.
func (c *cashier) try(o catalog.Operation, path, body string) (*logical.Response, error) {
	return c.Do(logical.UpdateOperation, "sign/one", map[string]any{"method": o.Method, "path": path, "body": body})
}

// refuses checks that a request is not signed, for this reason, and that nothing of it is repeated.
func (c *cashier) refuses(o catalog.Operation, path, body string, status int, says string) {
	c.T.Helper()
	got, text := c.Refused(logical.UpdateOperation, "sign/one",
		map[string]any{"method": o.Method, "path": path, "body": body})
	if got != status || !strings.Contains(text, says) {
		c.T.Errorf("%s %s: %d %s; want %d and %q", o.ID, body, got, text, status, says)
	}
	if strings.Contains(text, "canary") || strings.Contains(text, wallet) {
		c.T.Errorf("%s %s: the refusal repeats a value: %s", o.ID, body, text)
	}
}

// pays has a request signed and sends it, and returns what Paxos executed. Paxos must have understood
// the request as the answer says.
func (c *cashier) pays(o catalog.Operation, path, body string) paxostest.Execution {
	c.T.Helper()
	resp, err := c.try(o, path, body)
	if err != nil || resp.IsError() {
		c.T.Fatalf("%s %s is not signed: %v, %v", o.ID, body, resp, err)
	}
	before := len(c.Paxos.Executed())
	if status := c.send(o, path, body, resp.Data["headers"]); status >= 300 {
		c.T.Fatalf("%s %s: Paxos answers %d", o.ID, body, status)
	}
	executed := c.Paxos.Executed()
	if len(executed) != before+1 {
		c.T.Fatalf("%s: Paxos executed %d requests", o.ID, len(executed)-before)
	}
	last := executed[before]
	if why := disagreement(resp.Data, last); why != "" {
		c.T.Errorf("%s %s: Paxos and the signer disagree on %s: %+v, %v", o.ID, body, why, last, resp.Data)
	}
	return last
}

// send sends a request to Paxos with these headers, and returns the status of the answer.
func (c *cashier) send(o catalog.Operation, path, body string, headers any) int {
	c.T.Helper()
	req, err := http.NewRequestWithContext(c.T.Context(), o.Method, c.Paxos.URL()+path, strings.NewReader(body))
	if err != nil {
		c.T.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if headers, ok := headers.(map[string]any); ok {
		for name, value := range headers {
			req.Header.Set(name, value.(string))
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.T.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		c.T.Fatal(err)
	}
	return resp.StatusCode
}

// disagreement names what Paxos understood of a request in another way than the signer; empty if both
// understood the same. Of an operation that moves no money, the signer says only the ref_id.
func disagreement(answer map[string]any, by paxostest.Execution) string {
	assets, amounts := by.Asset, by.Amount
	if by.BalanceAsset != "" && by.BalanceAsset != by.Asset {
		assets, amounts = assets+","+by.BalanceAsset, amounts+","+amounts
	}
	m, moves := payment.LookupMovement(by.Operation)
	switch {
	case answer["operation"] != by.Operation:
		return "the operation"
	case answer["ref_id"] != by.ReferenceID && (moves || answer["ref_id"] != ""):
		return "the ref_id"
	case answer["source"] != by.Source:
		return "the source"
	case answer["destination"] != by.Destination:
		return "the destination"
	case m.Judged == payment.ByAmount && answer["asset"] != assets:
		return "the asset"
	case m.Judged == payment.ByAmount && !sameAmounts(answer["amount"].(string), amounts):
		return "the amount"
	}
	return ""
}

// sameAmounts reports whether two lists of decimals have the same values.
func sameAmounts(one, other string) bool {
	ones, others := strings.Split(one, ","), strings.Split(other, ",")
	for i := range ones {
		if len(ones) != len(others) || value(ones[i]).Cmp(value(others[i])) != 0 {
			return false
		}
	}
	return true
}

// value is the value of a decimal; -1 of another text.
func value(decimal string) *big.Rat {
	if v, ok := new(big.Rat).SetString(decimal); ok {
		return v
	}
	return big.NewRat(-1, 1)
}

// TestEveryOperationThroughASigner has every operation of the API signed by a signer that names it, by
// one that does not, and by one that leaves out that its amount is unknown. Paxos takes what is
// signed, and nothing that is not.
func TestEveryOperationThroughASigner(t *testing.T) {
	t.Parallel()
	c := newCashier(t)
	tried := 0
	for _, o := range catalog.Operations() {
		m, moves := payment.LookupMovement(o.ID)
		bodies := []writtenBody{{}}
		switch {
		case moves:
			bodies = writtenBodies(t, m)
		case o.Method == http.MethodPost || o.Method == http.MethodPut:
			bodies = []writtenBody{{text: "any <bytes> & no JSON"}, {text: `{"amount":1e9,"amount":"2","ref_id":7}`}, {}}
		}
		unlimited := ""
		if m.Judged == payment.Unlimited {
			unlimited = o.ID
		}
		for _, body := range bodies {
			tried++
			c.through(o, unlimited, c.fresh(body.text))
		}
	}
	if tried < len(catalog.Operations()) {
		t.Errorf("%d operations were tried", tried)
	}
}

// through tries one body of an operation.
func (c *cashier) through(o catalog.Operation, unlimited, body string) {
	c.T.Helper()
	path, other := pathOf(o), "ListProfiles"
	if o.ID == other {
		other = "ListTransfers"
	}
	c.allow(other, "")
	c.refuses(o, path, body, 403, "operation")
	if unlimited != "" {
		c.allow(o.ID, "")
		c.refuses(o, path, body, 403, "unlimited_operations")
	}
	c.allow(o.ID, unlimited)
	if o.Access != catalog.Public {
		if status := c.send(o, path, body, nil); status != http.StatusUnauthorized {
			c.T.Errorf("%s without a signature: %d", o.ID, status)
		}
	}
	if _, moves := payment.LookupMovement(o.ID); moves {
		c.pays(o, path, body)
		return
	}
	resp, err := c.try(o, path, body)
	if err != nil || resp.IsError() {
		c.T.Errorf("%s is not signed: %v, %v", o.ID, resp, err)
		return
	}
	switch status := c.send(o, path, body, resp.Data["headers"]); status {
	case http.StatusUnauthorized, http.StatusForbidden:
		c.T.Errorf("%s with a signature: %d", o.ID, status)
	}
}

// TestEveryWayToSayAnAmount tries each operation that has an amount, in each form, at the limit, above
// it, and in spellings that another reader may take for more.
func TestEveryWayToSayAnAmount(t *testing.T) {
	t.Parallel()
	c := newCashier(t)
	for _, m := range paying() {
		o, _ := catalog.LookupOperation(m.Operation)
		c.allow(o.ID, "")
		for _, body := range writtenBodies(t, m) {
			c.atTheLimit(o, body)
			c.malformedAmounts(o, body)
			c.aliases(o, body)
			c.otherAssets(o, body)
		}
	}
	for _, execution := range c.Paxos.Executed() {
		if value(execution.Amount).Cmp(value("100")) > 0 {
			t.Errorf("Paxos executed %+v", execution)
		}
	}
}

// amountOf is the member with the amount of a body, and its value; of legs, the last one.
func amountOf(body writtenBody) (text, written string) {
	written = "100"
	if strings.HasPrefix(body.amount, "legs") {
		written = "40"
	}
	return member(body.amount, written), written
}

// atTheLimit pays exactly the limit and nearly the limit, and a bit more.
func (c *cashier) atTheLimit(o catalog.Operation, body writtenBody) {
	c.T.Helper()
	path := pathOf(o)
	text, limit := amountOf(body)
	below := new(big.Rat).Sub(value(limit), value("0.000000000000000001")).FloatString(18)
	for _, written := range []string{limit, limit + ".0", limit + ".000000000000000000", below, "0.000000000000000001"} {
		c.pays(o, path, c.fresh(body.with(c.T, text, member(body.amount, written))))
	}
	for _, written := range []string{limit + ".000000000000000001", limit + ".01", limit + "0", "99999999999999999999",
		"99999999999999999999.999999999999999999"} {
		c.refuses(o, path, c.fresh(body.with(c.T, text, member(body.amount, written))), 403, body.amount)
	}
	if strings.HasPrefix(body.amount, "legs") {
		more := strings.Replace(body.text, `"legs":[`, `"legs":[{"direction":"DELIVER","asset":"`+paidAsset+
			`","amount":"0.01"},`, 1)
		c.refuses(o, path, c.fresh(more), 403, body.amount)
	}
}

// malformedAmounts are amounts that are not written as they have to be.
func (c *cashier) malformedAmounts(o catalog.Operation, body writtenBody) {
	c.T.Helper()
	text, _ := amountOf(body)
	key := text[:strings.IndexByte(text, ':')+1]
	for _, written := range []string{`"1e1"`, `"1E1"`, `"1e-1"`, `"01"`, `"00"`, `"0"`, `"0.0"`, `"-1"`, `"-0"`, `"+1"`,
		`" 1"`, `"1 "`, `"1\n"`, `"\t1"`, `"1\u00a0"`, `"1,0"`, `"1_0"`, `".5"`, `"5."`, `"1.2.3"`, `"0x1"`, `"1/2"`,
		`"NaN"`, `"Infinity"`, `"١"`, `"１"`, `"1\u200b"`, `"` + strings.Repeat("1", 40) + `"`,
		`"` + strings.Repeat("1", 21) + `"`, `"1.0000000000000000001"`, `""`, `null`, `1`, `1.0`, `1e1`, `-1`, `true`,
		`[]`, `["1"]`, `{}`, `{"value":"1"}`} {
		c.refuses(o, pathOf(o), c.fresh(body.with(c.T, text, key+written)), 400, body.amount)
	}
}

// aliases are keys that another reader may take for one that is judged: they are neither signed in its
// place nor beside it.
func (c *cashier) aliases(o catalog.Operation, body writtenBody) {
	c.T.Helper()
	path, m := pathOf(o), body.movement
	for _, field := range m.Fields() {
		if strings.ContainsAny(field, ".[") || strings.HasSuffix(field, "metadata") {
			continue
		}
		for _, alias := range []string{camel(field), strings.ToUpper(field), strings.ToUpper(field[:1]) + field[1:],
			strings.ReplaceAll(field, "_", ""), "_" + field, field + "_", field[:1] + "_" + field[1:],
			strings.ReplaceAll(field, "k", "\u212a")} { // the Kelvin sign
			if alias != field {
				c.refuses(o, path, c.fresh(body.and(member(alias, "1"))), 400, "")
			}
		}
	}
	text, _ := amountOf(body)
	name := text[:strings.IndexByte(text, ':')]
	c.refuses(o, path, c.fresh(body.with(c.T, text, text+","+name+`:"1"`)), 400, strings.Trim(name, `"`))
	escaped := strings.Replace(name, "a", `\u0061`, 1)
	c.refuses(o, path, c.fresh(body.with(c.T, text, text+","+escaped+`:"1"`)), 400, strings.Trim(name, `"`))
	c.refuses(o, path, c.fresh(body.with(c.T, text, escaped+`:"1",`+text)), 400, strings.Trim(name, `"`))
	c.pays(o, path, c.fresh(body.with(c.T, text, escaped+`:"1"`))) // another spelling of the same key
	c.refuses(o, path+"?amount=1", c.fresh(body.text), 400, "path")
	c.refuses(o, path, c.fresh(body.text)+"{}", 400, "body")
	c.refuses(o, path, c.fresh(body.and(member("unknown_field", "1"))), 403, "unknown_field")
}

// camel is a name of snake_case in lowerCamelCase.
func camel(name string) string {
	words := strings.Split(name, "_")
	for i := 1; i < len(words); i++ {
		words[i] = strings.ToUpper(words[i][:1]) + words[i][1:]
	}
	return strings.Join(words, "")
}

// otherAssets names assets that the limits lack or have under another spelling, or bounds each of two
// assets by itself.
func (c *cashier) otherAssets(o catalog.Operation, body writtenBody) {
	c.T.Helper()
	named := map[string]string{paidAsset: body.movement.Assets[0].Field}
	if len(body.movement.Assets) > 1 {
		named[debited] = body.movement.Assets[1].Field
	}
	for asset, field := range named {
		for _, other := range []string{"BTC", "usdc", "USDC_E", "Usd"} {
			text := strings.ReplaceAll(body.text, member(field, asset), member(field, other))
			c.refuses(o, pathOf(o), c.fresh(text), 403, field)
		}
		limits := map[string]any{paidAsset: "1000", debited: "1000"}
		lower := maps.Clone(limits)
		lower[asset] = "99"
		c.Must(logical.PatchOperation, "signers/one", map[string]any{"limits": lower})
		c.refuses(o, pathOf(o), c.fresh(body.text), 403, asset+" allows at most 99 per request")
		c.allow(o.ID, "")
	}
}
