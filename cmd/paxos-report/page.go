package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

//go:embed page.html
var pageText string

//go:embed page.css
var styleText string

// page is the template of the report. It escapes every value.
var page = template.Must(template.New("page").Parse(pageText))

// policy returns the Content-Security-Policy of the page. It allows the style of the page and nothing
// else: no script, no request and no form.
func policy() string {
	sum := sha256.Sum256([]byte(styleText))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'"
}

// A view is what the template shows: a mount, and what is worked out from it.
type view struct {
	*mount
	Policy string
	Style  template.CSS
	Now    string
	Counts []count
	Matrix []row
	Permit []permit
}

// A count is the number of findings with a severity.
type count struct {
	Severity string
	Number   int
}

// A row is one role, with a cell for each scope of the page.
type row struct {
	Role  string
	Cells []cell
	risks []int
}

// A cell says with which risk a role grants a scope; it is empty if the role does not grant it.
type cell struct{ Scope, Risk string }

// Letter returns the first letter of the risk, for print without colour; empty for an empty cell.
func (c cell) Letter() string { return strings.ToUpper(c.Risk[:min(1, len(c.Risk))]) }

// risks are the risks of scopes, the worst first.
var risks = []string{"admin", "moves-money", "write", "read"}

// writePage writes the report as a page. If the template fails, it writes nothing.
func (m *mount) writePage(out io.Writer, now time.Time) error {
	slices.SortStableFunc(m.Scopes, func(a, z scope) int {
		return cmp.Or(cmp.Compare(slices.Index(risks, a.Risk), slices.Index(risks, z.Risk)),
			strings.Compare(a.Scope, z.Scope))
	})
	v := view{mount: m, Policy: policy(), //nolint:gosec // the style is a part of the program
		Style: template.CSS(styleText), Now: now.UTC().Format(time.RFC3339),
		Matrix: m.matrix(), Permit: m.permits()}
	for _, severity := range severities {
		number := 0
		for _, f := range m.Findings {
			if f.Severity == severity {
				number++
			}
		}
		v.Counts = append(v.Counts, count{severity, number})
	}
	var text bytes.Buffer
	if err := page.Execute(&text, v); err != nil {
		return err
	}
	_, err := text.WriteTo(out)
	return err
}

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
