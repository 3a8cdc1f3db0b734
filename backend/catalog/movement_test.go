package catalog

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestMovements checks that the table is well formed, that each row is about an operation that changes
// something, and that a caller gets copies.
func TestMovements(t *testing.T) {
	t.Parallel()
	all := Movements()
	if rows := strings.Count(movementTable, "\n") - 1; len(all) != rows || rows == 0 {
		t.Errorf("%d movements of %d rows", len(all), rows)
	}
	for _, m := range all {
		if o, ok := LookupOperation(m.Operation); !ok || o.Method == "GET" || o.Access != WithScope {
			t.Errorf("%s: %+v", m.Operation, o)
		}
		for _, field := range m.Fields() {
			if strings.Trim(field, "abcdefghijklmnopqrstuvwxyz0123456789_.[]") != "" || strings.Contains(field, "..") {
				t.Errorf("%s: the field %q", m.Operation, field)
			}
		}
	}
	m, _ := LookupMovement("CreateCryptoWithdrawal")
	m.Other[0], m.Assets[0].Field, m.Destinations[0].ID = "changed", "changed", "changed"
	if again, _ := LookupMovement("CreateCryptoWithdrawal"); slices.Contains(again.Fields(), "changed") {
		t.Error("a caller changed the table")
	}
	if m, ok := LookupMovement("ListTransfers"); ok {
		t.Errorf("found %+v", m)
	}
}

// TestMovesMoneyIsInTheTable checks that no operation whose scope moves money was forgotten: each
// is in the table, or is listed here with its reason.
func TestMovesMoneyIsInTheTable(t *testing.T) {
	t.Parallel()
	for _, o := range Operations() {
		if _, ok := LookupMovement(o.ID); o.MovesMoney() && !ok {
			t.Errorf("%s needs %q and is not in the table", o.ID, o.Scopes)
		}
	}
}

// A bodyField is a field of a request body in Paxos's OpenAPI document.
type bodyField struct {
	name, kind string
	required   bool
}

// documentedBodies reads testdata/bodies.tsv.
func documentedBodies(t *testing.T) map[string][]bodyField {
	t.Helper()
	text, err := os.ReadFile("testdata/bodies.tsv")
	if err != nil {
		t.Fatal(err)
	}
	bodies := map[string][]bodyField{}
	_, err = readTable(string(text), []string{"operationId", "field", "type", "required"},
		func(row []string) (bool, error) {
			bodies[row[0]] = append(bodies[row[0]], bodyField{row[1], row[2], row[3] == "true"})
			return true, nil
		})
	if err != nil {
		t.Fatal(err)
	}
	return bodies
}

// TestMovementsAreAsDocumented compares the table with Paxos's OpenAPI document: it names every
// field of each body and no other, what is judged is a string there, and what Paxos requires is not
// forbidden.
func TestMovementsAreAsDocumented(t *testing.T) {
	t.Parallel()
	bodies := documentedBodies(t)
	for _, m := range Movements() {
		names, judged := m.Fields(), slices.DeleteFunc(m.Fields(), func(field string) bool {
			return slices.Contains(m.Other, field)
		})
		for _, field := range bodies[m.Operation] {
			within := func(name string) bool { return field.name == name || strings.HasPrefix(field.name, name+".") }
			if !slices.ContainsFunc(names, within) {
				t.Errorf("%s: the table lacks %s", m.Operation, field.name)
			}
			if slices.Contains(judged, field.name) && field.kind != "string" {
				t.Errorf("%s: %s is judged and is of type %s", m.Operation, field.name, field.kind)
			}
			if field.required && slices.Contains(m.Forbidden, field.name) {
				t.Errorf("%s: Paxos requires %s, which is forbidden", m.Operation, field.name)
			}
		}
		for _, name := range names {
			if !slices.ContainsFunc(bodies[m.Operation], func(field bodyField) bool {
				return field.name == name || strings.HasPrefix(field.name, name+".")
			}) {
				t.Errorf("%s: Paxos does not document %s", m.Operation, name)
			}
		}
		delete(bodies, m.Operation)
	}
	for id := range bodies {
		t.Errorf("%s has a documented body and is not in the table", id)
	}
}

// TestBrokenMovements checks that a broken table is refused, and that the error names the mistake.
func TestBrokenMovements(t *testing.T) {
	t.Parallel()
	header, operations := strings.Join(movementColumns, "\t")+
		"\n", map[string]Operation{"Pay": {Path: "/v2/{profile_id}/x"}}
	read := func(cells ...string) error {
		row := slices.Concat([]string{"Pay"}, cells, make([]string, len(movementColumns)-1-len(cells)))
		_, err := readMovements(header+strings.Join(row, "\t")+"\n", operations)
		return err
	}
	if err := read("amount", "path:profile_id", "fiat:to", "", "asset", "amount|total", "ref_id"); err != nil {
		t.Fatal(err)
	}
	for says, cells := range map[string][]string{
		`judged "much"`:               {"much"},
		"no parameter id":             {"named", "path:id"},
		`destination "bank:x"`:        {"named", "from", "bank:x"},
		`destination "crypto:x"`:      {"named", "from", "crypto:x"},
		`destination "fiat:x:y"`:      {"named", "from", "fiat:x:y"},
		"needs a source":              {"amount", "", "fiat:to", "", "asset", "amount", "ref_id"},
		"a destination":               {"amount", "from", "", "", "asset", "amount", "ref_id"},
		"a ref_id":                    {"amount", "from", "fiat:to", "", "asset", "amount"},
		"its amounts":                 {"unlimited", "from", "fiat:to", "", "asset", "amount", "ref_id"},
		"assets":                      {"amount", "from", "fiat:to", "", "", "amount", "ref_id"},
		"first asset":                 {"amount", "from", "fiat:to", "", "asset?", "amount", "ref_id"},
		"optional destination":        {"named", "from", "profile:a?|fiat:b"},
		"and needs a source":          {"named", "", "profile:a?"},
		"a field is there twice":      {"named", "from", "fiat:from"},
		"Pay: judged \"amount\" does": {"amount", "from", "fiat:to", "", "asset", "", "ref_id"},
	} {
		if err := read(cells...); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", cells, err, says)
		}
	}
	named := "\tnamed" + strings.Repeat("\t", len(movementColumns)-2) + "\n"
	for says, table := range map[string]string{
		"first line":       "Pay" + named,
		"Pa is no":         header + "Pa" + named,
		"Pay is there twi": header + "Pay" + named + "Pay" + named,
	} {
		if _, err := readMovements(table, operations); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
}

// TestParameter takes the parameters out of paths.
func TestParameter(t *testing.T) {
	t.Parallel()
	o, _ := LookupOperation("CancelOrder")
	path := "/v2/profiles/p-1/orders/o-2"
	if o.Parameter("profile_id", path) != "p-1" || o.Parameter("id", path) != "o-2" ||
		o.Parameter("quote_id", path) != "" ||
		o.Parameter("id", "/v2") != "" {
		t.Errorf("profile %q, order %q", o.Parameter("profile_id", path), o.Parameter("id", path))
	}
}
