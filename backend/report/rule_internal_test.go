package report

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestRulesAreDeclaredInOnePlace reads the code: a rule is a constant of rule.go, and all
// but one may be accepted.
func TestRulesAreDeclaredInOnePlace(t *testing.T) {
	t.Parallel()
	var declared []string
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				if kind, ok := n.Type.(*ast.Ident); ok && kind.Name == "Rule" && len(n.Values) == 1 {
					if name != "rule.go" {
						t.Errorf("%s declares a rule", name)
					}
					declared = append(declared, strings.Trim(n.Values[0].(*ast.BasicLit).Value, `"`))
				}
			case *ast.CallExpr:
				called, ok := n.Fun.(*ast.SelectorExpr)
				if ok && slices.Contains([]string{"add", "suggest", "advise"}, called.Sel.Name) && len(n.Args) > 4 {
					if _, literal := n.Args[1].(*ast.BasicLit); literal {
						t.Errorf("%s adds a finding of a rule that is no constant of rule.go", name)
					}
				}
			}
			return true
		})
	}
	slices.Sort(declared)
	want := slices.Sorted(slices.Values(append(AcceptableRules(), string(ruleExceptionEnded))))
	if !slices.Equal(declared, want) {
		t.Errorf("declared are %v; known to exceptions are %v", declared, want)
	}
}
