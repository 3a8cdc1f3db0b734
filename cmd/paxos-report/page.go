package main

import (
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

//go:embed page/*.html
var pageFiles embed.FS

//go:embed page/page.css
var styleText string

// page is the template of the report. It escapes every value.
var page = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"cut": listed, "duration": duration, "risk": func(risk string) string { return riskTitles[risk] },
}).ParseFS(pageFiles, "page/*.html"))

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
	Groups []group
	Idle   []exception // exceptions that accept no finding now
	Matrix []row
	Whole  grid
	Sheets []grid // the matrix again, cut for paper
}

// A count is the number of findings with a severity.
type count struct {
	Severity string
	Number   int
}

// A group has the findings that differ only in their subject.
type group struct {
	Severity, Rule, Reason string
	First                  bool // the first of its severity
	Findings               []finding
}

// writePage writes the report as a page.
func (m *mount) writePage(out io.Writer, now time.Time) error {
	slices.SortStableFunc(m.Scopes, func(a, z scope) int {
		return cmp.Or(cmp.Compare(slices.Index(risks, a.Risk), slices.Index(risks, z.Risk)),
			strings.Compare(a.Scope, z.Scope))
	})
	v := view{mount: m, Policy: policy(), //nolint:gosec // the style is a part of the program
		Style: template.CSS(styleText), Now: now.UTC().Format(time.RFC3339),
		Groups: grouped(m.Findings), Idle: m.idle(), Matrix: m.matrix()}
	v.Whole = cutOut(m.Scopes, v.Matrix, 0, len(m.Scopes))
	v.Sheets = sheets(m.Scopes, v.Matrix)
	for _, severity := range severities {
		number := 0
		for _, f := range m.Findings {
			if f.Severity == severity {
				number++
			}
		}
		v.Counts = append(v.Counts, count{severity, number})
	}
	return page.Execute(out, v)
}

// grouped puts together findings that differ only in their subject. The order stays.
func grouped(findings []finding) []group {
	var all []group
	for _, f := range findings {
		i := slices.IndexFunc(all, func(g group) bool {
			return g.Severity == f.Severity && g.Rule == f.Rule && g.Reason == f.Reason
		})
		if i < 0 {
			i = len(all)
			all = append(all, group{Severity: f.Severity, Rule: f.Rule, Reason: f.Reason,
				First: i == 0 || all[i-1].Severity != f.Severity})
		}
		all[i].Findings = append(all[i].Findings, f)
	}
	return all
}

// idle returns the exceptions that accept no finding now.
func (m *mount) idle() []exception {
	return slices.DeleteFunc(slices.Clone(m.Exceptions), func(e exception) bool {
		return slices.ContainsFunc(m.Accepted, func(a accepted) bool { return a.Exception == "exceptions/"+e.Name })
	})
}

// Locked reports whether the mount is known to be in lockdown.
func (m *mount) Locked() bool {
	return m.Status != nil && m.Status.Lockdown || m.Lockdown != nil && m.Lockdown.Locked
}

// LockdownKnown reports whether it is known if the mount is in lockdown.
func (m *mount) LockdownKnown() bool { return m.Status != nil || m.Lockdown != nil }

// Owner returns the metadata of the role that is the subject of a finding.
func (m *mount) Owner(subject string) map[string]string {
	for _, r := range m.Roles {
		if subject == "roles/"+r.Name {
			return r.Metadata
		}
	}
	return nil
}

// A limit is one row of a table of limits: the most that may be signed of an asset.
type limit struct{ Asset, Request, Day, Guardrail string }

// Ceilings returns what the guardrails let all signers sign.
func (m *mount) Ceilings() []limit {
	assets := maps.Clone(m.SignLimits)
	if assets == nil {
		assets = map[string]string{}
	}
	maps.Copy(assets, m.SignDailyLimits)
	var all []limit
	for _, asset := range slices.Sorted(maps.Keys(assets)) {
		one := limit{Asset: asset, Request: "refused", Day: "refused"}
		if most, ok := m.SignLimits[asset]; ok {
			one.Request = most
		} else if len(m.SignLimits) == 0 {
			one.Request = "no limit"
		}
		if most, ok := m.SignDailyLimits[asset]; ok {
			one.Day = most
			if m.Guards != nil && m.Guards.SignDailyUsage[asset].Used != "" {
				one.Day += " (used: " + m.Guards.SignDailyUsage[asset].Used + ")"
			}
		} else if len(m.SignDailyLimits) == 0 {
			one.Day = "no limit"
		}
		all = append(all, one)
	}
	return all
}

// duration writes seconds as people do, for example 90m as 1h30m.
func duration(seconds int64) string {
	text := (time.Duration(seconds) * time.Second).String()
	if trimmed, ok := strings.CutSuffix(text, "m0s"); ok {
		text = trimmed + "m"
	}
	if trimmed, ok := strings.CutSuffix(text, "h0m"); ok {
		text = trimmed + "h"
	}
	return text
}
