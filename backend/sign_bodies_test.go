package backend_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/payment"
)

// What the bodies of these tests name. The ids are canaries: no refusal may repeat them.
const (
	payer     = "from-canary-1"
	payee     = "to-canary-1"
	bank      = "bank-canary-1"
	wallet    = "0x00000000000000000000000000000000000000Ca"
	endUser   = "user-canary-1"
	mark      = "ref-canary-0" // in place of the ref_id of a body
	paidAsset = "USDC"
	debited   = "USD"
)

// A written body is a body that names all that its operation has, in one of the forms of the amount
// and of the destination.
type writtenBody struct {
	movement payment.Movement
	amount   string // the field with the amount; empty if the operation has none
	text     string
}

// member is how the text has a top-level field, or one of the same name further inside.
func member(field, value string) string {
	return `"` + field[strings.LastIndexByte(field, '.')+1:] + `":"` + value + `"`
}

// with replaces a member of the text by another text.
func (w writtenBody) with(t *testing.T, member, by string) string {
	t.Helper()
	if !strings.Contains(w.text, member) {
		t.Fatalf("%s: no %s in %s", w.movement.Operation, member, w.text)
	}
	return strings.Replace(w.text, member, by, 1)
}

// and adds a member to the text.
func (w writtenBody) and(member string) string { return w.text[:len(w.text)-1] + "," + member + "}" }

// writtenBodies are bodies of a movement: one for each form of the amount and of the destination. The
// amount is 100; of legs, 60 and 40.
func writtenBodies(t testing.TB, m payment.Movement) (all []writtenBody) {
	t.Helper()
	if o, _ := catalog.LookupOperation(m.Operation); o.Method == "DELETE" || m.Operation == "CancelOrder" {
		return []writtenBody{{movement: m}}
	}
	amounts, targets := m.Amounts, m.Destinations
	if len(amounts) == 0 {
		amounts = []string{""}
	}
	if len(targets) == 0 {
		targets = []payment.MovementTarget{{}}
	}
	for _, amount := range amounts {
		for _, target := range targets {
			tree := map[string]any{}
			for field, value := range fieldsOf(m, amount, target) {
				put(tree, strings.Split(field, "."), value)
			}
			text, err := json.Marshal(tree)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, writtenBody{m, amount, string(text)})
		}
	}
	return all
}

// fieldsOf are the values of the fields of a body.
func fieldsOf(m payment.Movement, amount string, target payment.MovementTarget) map[string]any {
	fields := map[string]any{}
	for _, field := range m.Other {
		group, _, nested := strings.Cut(field, ".")
		switch {
		case strings.Contains(field, "[]."), nested && group == "destination":
		case strings.HasSuffix(field, "metadata"):
			fields[field] = map[string]any{"k": "v"}
		default:
			fields[field] = "x"
		}
	}
	for _, field := range m.EndUsers {
		fields[field] = endUser
	}
	for i, asset := range m.Assets {
		fields[asset.Field] = []string{paidAsset, debited}[i]
	}
	if strings.HasPrefix(amount, "legs[]") {
		delete(fields, "legs[].asset")
		fields["legs"] = []any{leg("DELIVER", paidAsset, "60"), leg("RECEIVE", "BTC", "7"), leg("DELIVER", paidAsset, "40")}
	} else {
		fields[amount] = "100"
	}
	if !m.InPath {
		fields[m.Source] = payer
	}
	fields[m.Memo], fields[m.RefID] = "m", mark
	fields[target.Network] = "ETHEREUM"
	fields[target.ID] = map[string]string{"crypto": wallet, "fiat": bank, "profile": payee}[target.Kind]
	delete(fields, "") // what the operation lacks
	return fields
}

// leg is a leg of a transaction.
func leg(direction, asset, amount string) map[string]any {
	return map[string]any{"direction": direction, "asset": asset, "amount": amount}
}

// put sets a value of a tree.
func put(tree map[string]any, keys []string, value any) {
	if len(keys) == 1 {
		tree[keys[0]] = value
		return
	}
	inner, ok := tree[keys[0]].(map[string]any)
	if !ok {
		inner = map[string]any{}
		tree[keys[0]] = inner
	}
	put(inner, keys[1:], value)
}

// pathOf is a path of an operation, whose profile pays.
func pathOf(o catalog.Operation) string {
	return braces.ReplaceAllStringFunc(o.Path, func(name string) string {
		if name == "{profile_id}" {
			return payer
		}
		return "id-1"
	})
}

// paying are the movements whose amount is judged.
func paying() []payment.Movement {
	return slices.DeleteFunc(payment.Movements(), func(m payment.Movement) bool { return m.Judged != payment.ByAmount })
}
