package main

import (
	"maps"
	"slices"
	"strings"
)

// risks are the risks of scopes, the worst first.
var risks = []string{"admin", "moves-money", "write", "read"}

// riskTitles are the risks as the page names them.
var riskTitles = map[string]string{"admin": "admin", "moves-money": "moves money", "write": "writes", "read": "reads"}

// sheetWidth is how many scopes fit on a sheet of A4 paper, beside the names of the roles.
const sheetWidth = 22

// A row is one role, with a cell for each scope.
type row struct {
	Role  string
	Cells []cell
	risks []int
}

// A cell says with which risk a role grants a scope; it is empty if the role does not grant it.
type cell struct{ Scope, Risk string }

// Letter returns the first letter of the risk, for print without colour; empty for an empty cell.
func (c cell) Letter() string { return strings.ToUpper(c.Risk[:min(1, len(c.Risk))]) }

// A grid is the matrix of roles and scopes, or some columns of it.
type grid struct {
	Scopes []scope
	Bands  []band
	Rows   []row
}

// A band is the heading over neighbouring scopes of the same risk.
type band struct {
	Risk, Title string
	Width       int
}

// Short is the title, or its first letter if the band is too narrow.
func (b band) Short() string {
	if b.Width < 3 {
		return strings.ToUpper(b.Title[:min(1, len(b.Title))])
	}
	return b.Title
}

// Service is the beginning of a scope up to its colon, and Action the rest.
func (s scope) Service() string {
	if i := strings.Index(s.Scope, ":"); i >= 0 {
		return s.Scope[:i+1]
	}
	return ""
}

// Action is the scope without its service.
func (s scope) Action() string { return strings.TrimPrefix(s.Scope, s.Service()) }

// matrix returns the scopes that each role grants, the role with the worst scopes first.
func (m *mount) matrix() []row {
	rows := map[string]*row{}
	for i, s := range m.Scopes {
		for _, name := range s.Roles {
			if rows[name] == nil {
				rows[name] = &row{Role: name, Cells: make([]cell, len(m.Scopes))}
			}
			rows[name].Cells[i] = cell{s.Scope, s.Risk}
			rows[name].risks = append(rows[name].risks, slices.Index(risks, s.Risk))
		}
	}
	all := make([]row, 0, len(rows))
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		slices.Sort(rows[name].risks)
		all = append(all, *rows[name])
	}
	slices.SortStableFunc(all, func(a, z row) int { return slices.Compare(a.risks, z.risks) })
	return all
}

// sheets cuts the matrix into grids that fit on paper.
func sheets(scopes []scope, rows []row) []grid {
	var all []grid
	for from := 0; from < len(scopes); from += sheetWidth {
		all = append(all, cutOut(scopes, rows, from, min(from+sheetWidth, len(scopes))))
	}
	return all
}

// cutOut returns the columns of the matrix from one up to another, with the roles that have a cell there.
func cutOut(scopes []scope, rows []row, from, to int) grid {
	g := grid{Scopes: scopes[from:to]}
	for _, s := range g.Scopes {
		if last := len(g.Bands) - 1; last >= 0 && g.Bands[last].Risk == s.Risk {
			g.Bands[last].Width++
			continue
		}
		g.Bands = append(g.Bands, band{Risk: s.Risk, Title: riskTitles[s.Risk], Width: 1})
	}
	for _, r := range rows {
		cells := r.Cells[from:to]
		if slices.ContainsFunc(cells, func(c cell) bool { return c.Risk != "" }) {
			g.Rows = append(g.Rows, row{Role: r.Role, Cells: cells})
		}
	}
	return g
}
