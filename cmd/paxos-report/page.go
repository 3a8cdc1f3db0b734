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

// page is the template. It escapes all that it is given.
var page = template.Must(template.New("page").Parse(pageText))

// policy allows the page its own style, and nothing else: no script, no request, no form.
func policy() string {
	sum := sha256.Sum256([]byte(styleText))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'"
}

// A view is a mount as the page shows it.
type view struct {
	*mount
	Policy string
	Style  template.CSS
	Now    string
	Counts []count
	Matrix []row
}

// A count is how many findings there are of a severity.
type count struct {
	Severity string
	Number   int
}

// A row is a role and, for each scope of the page, what it gives: the scope's risk, or nothing.
type row struct {
	Role  string
	Cells []cell
	risks []int
}

// A cell is a role's hold on a scope.
type cell struct{ Scope, Risk string }

// Letter stands for the risk where there is no colour.
func (c cell) Letter() string { return strings.ToUpper(c.Risk[:min(1, len(c.Risk))]) }

// risks are the risks, the worst first.
var risks = []string{"admin", "moves-money", "write", "read"}

// writePage writes the report for people. It writes all of it or nothing.
func (m *mount) writePage(out io.Writer, now time.Time) error {
	slices.SortStableFunc(m.Scopes, func(a, z scope) int {
		return cmp.Or(cmp.Compare(slices.Index(risks, a.Risk), slices.Index(risks, z.Risk)),
			strings.Compare(a.Scope, z.Scope))
	})
	v := view{mount: m, Policy: policy(), Style: template.CSS(styleText), Now: now.UTC().Format(time.RFC3339),
		Matrix: m.matrix()}
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

// matrix is what each role gives, the worst role first.
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
