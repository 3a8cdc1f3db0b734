package catalog

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

//go:embed money.tsv
var movementTable string

// movementColumns are the columns of money.tsv.
var movementColumns = []string{"operationId", "judged", "source", "destination", "memo", "asset", "amount", "ref_id",
	"end_users", "forbidden", "other", "note"}

// Judgement says how much of what an operation moves can be read from its request.
type Judgement string

// The judgements, spelled as in money.tsv.
const (
	ByAmount  Judgement = "amount"    // everything: from where, to where and how much
	Unlimited Judgement = "unlimited" // all but the amount
	ByName    Judgement = "named"     // the operation moves nothing, or only what was allowed before
)

// A Movement says what in a request for an operation moves money. Fields are named by their path in the
// body: destination.crypto.network is nested, and legs[].amount stands in every element of a list.
type Movement struct {
	Operation    string // Paxos's operationId
	Judged       Judgement
	Source       string           // the field with the profile that pays; empty if no field says it
	InPath       bool             // Source is a parameter of the path
	Destinations []MovementTarget // a body has exactly one of them; empty if no field says it
	Memo         string           // the field that is part of a crypto address on some networks
	Assets       []MovementAsset  // the amount counts against each asset that the body has
	Amounts      []string         // a body has exactly one of them
	RefID        string           // the field that makes the request unique
	EndUsers     []string         // fields that choose whose money moves inside a profile; all optional
	Forbidden    []string         // fields that would hide what moves
	Other        []string         // all other fields of the body; all optional, and of any content
}

// A MovementTarget is one way in which a body names where money goes.
type MovementTarget struct {
	Kind     string // crypto, fiat or profile
	Network  string // the field with the network; only for crypto
	ID       string // the field with the address, the fiat account or the profile
	Optional bool   // if the field is absent, the money goes to Source
}

// A MovementAsset is a field that names an asset.
type MovementAsset struct {
	Field    string
	Optional bool
}

// movements returns the embedded table, which is read at the first call.
var movements = sync.OnceValue(func() map[string]Movement {
	byID, err := readMovements(movementTable, known().operationByID)
	if err != nil { // the table is part of the program, and a test reads it
		panic(err)
	}
	return byID
})

// Movements returns what every operation moves that moves money or decides where money goes, in the
// order of Operations.
func Movements() []Movement {
	var all []Movement
	for _, id := range known().operationNames {
		if m, ok := LookupMovement(id); ok {
			all = append(all, m)
		}
	}
	return all
}

// LookupMovement returns what an operation moves, and reports whether it is one that moves money or
// decides where money goes.
func LookupMovement(operationID string) (Movement, bool) {
	m, ok := movements()[operationID]
	m.Destinations, m.Assets = slices.Clone(m.Destinations), slices.Clone(m.Assets)
	m.Amounts, m.EndUsers = slices.Clone(m.Amounts), slices.Clone(m.EndUsers)
	m.Forbidden, m.Other = slices.Clone(m.Forbidden), slices.Clone(m.Other)
	return m, ok
}

// Fields returns the path of every field of the body that the movement names.
func (m Movement) Fields() []string {
	fields := slices.Concat([]string{m.Memo, m.RefID}, m.Amounts, m.EndUsers, m.Forbidden, m.Other)
	if !m.InPath {
		fields = append(fields, m.Source)
	}
	for _, target := range m.Destinations {
		fields = append(fields, target.Network, target.ID)
	}
	for _, asset := range m.Assets {
		fields = append(fields, asset.Field)
	}
	return slices.DeleteFunc(fields, func(field string) bool { return field == "" })
}

// readMovements reads the text of money.tsv. An error names the row.
func readMovements(text string, operationByID map[string]Operation) (map[string]Movement, error) {
	rows, err := readTable(text, movementColumns, readMovement)
	if err != nil {
		return nil, fmt.Errorf("money: %w", err)
	}
	byID := map[string]Movement{}
	for _, m := range rows {
		o, ok := operationByID[m.Operation]
		_, twice := byID[m.Operation]
		switch {
		case !ok:
			return nil, fmt.Errorf("money: %s is no operation", m.Operation)
		case twice:
			return nil, fmt.Errorf("money: %s is there twice", m.Operation)
		case m.InPath && !slices.Contains(strings.Split(o.Path, "/"), "{"+m.Source+"}"):
			return nil, fmt.Errorf("money: %s: the path has no parameter %s", m.Operation, m.Source)
		}
		byID[m.Operation] = m
	}
	return byID, nil
}

// readMovement reads a line of money.tsv. In a cell, | separates fields of which a body has exactly
// one, and a comma separates fields of which it may have all. A field with a question mark may be
// absent.
func readMovement(row []string) (Movement, error) {
	m := Movement{
		Operation: row[0], Judged: Judgement(row[1]), Source: strings.TrimPrefix(row[2], "path:"),
		InPath: strings.HasPrefix(row[2], "path:"), Memo: row[4], Amounts: cells(row[6], '|'), RefID: row[7],
		EndUsers: cells(row[8], ','), Forbidden: cells(row[9], ','), Other: cells(row[10], ','),
	}
	for _, form := range cells(row[3], '|') {
		target, err := readTarget(form)
		if err != nil {
			return m, err
		}
		m.Destinations = append(m.Destinations, target)
	}
	for _, field := range cells(row[5], ',') {
		name, optional := strings.CutSuffix(field, "?")
		m.Assets = append(m.Assets, MovementAsset{Field: name, Optional: optional})
	}
	return m, m.problem()
}

// readTarget reads one form of a destination, such as crypto:crypto_network:destination_address.
func readTarget(form string) (MovementTarget, error) {
	form, optional := strings.CutSuffix(form, "?")
	parts := strings.Split(form, ":")
	target := MovementTarget{Kind: parts[0], ID: parts[len(parts)-1], Optional: optional}
	switch {
	case target.Kind == "crypto" && len(parts) == 3:
		target.Network = parts[1]
	case target.Kind != "fiat" && target.Kind != "profile" || len(parts) != 2:
		return target, fmt.Errorf("destination %q is none of crypto:network:address, fiat:id, profile:id", form)
	}
	return target, nil
}

// problem returns what contradicts itself in a row of the table; nil if nothing does.
func (m Movement) problem() error {
	measured := m.Judged == ByAmount
	switch {
	case !measured && m.Judged != Unlimited && m.Judged != ByName:
		return fmt.Errorf("judged %q is none of amount, unlimited, named", m.Judged)
	case measured && (m.Source == "" || len(m.Destinations) == 0 || m.RefID == ""):
		return errors.New("an amount needs a source, a destination and a ref_id")
	case measured != (len(m.Amounts) > 0) || measured != (len(m.Assets) > 0):
		return fmt.Errorf("judged %q does not go with its amounts and assets", m.Judged)
	case measured && m.Assets[0].Optional:
		return errors.New("the first asset must be there")
	case slices.ContainsFunc(m.Destinations, func(t MovementTarget) bool { return t.Optional }) &&
		(len(m.Destinations) > 1 || m.Source == ""):
		return errors.New("an optional destination must be the only one, and needs a source")
	}
	fields := m.Fields()
	slices.Sort(fields)
	if len(slices.Compact(slices.Clone(fields))) < len(fields) {
		return errors.New("a field is there twice")
	}
	return nil
}

// cells splits a cell of a table; an empty one has no parts.
func cells(cell string, separator rune) []string {
	return strings.FieldsFunc(cell, func(r rune) bool { return r == separator })
}
