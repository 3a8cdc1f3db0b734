package main

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/tools/go/packages"
)

// A text is what a caller can get as an error.
type text struct {
	status int    // of HTTP; 0: that of the cause
	words  string // with words in angle brackets for what differs
	file   string // where it is in the code, as package/file.go
}

// A source is a function whose parameter becomes a text.
type source struct {
	format int // the parameter with the format, or with the text
	status int // the status; 0: it is the parameter before, or that of the cause
}

// The functions that make texts, by package and name.
var sources = map[string]source{
	"fault.New":             {format: 1},
	"fault.BadRequest":      {format: 0, status: 400},
	"fault.Forbidden":       {format: 0, status: 403},
	"logical.ErrorResponse": {format: 0, status: 400},
	"logical.CodedError":    {format: 1},
	"backend.stoppedAfter":  {format: 1},
	"backend.refuseNeeded":  {format: 2, status: 400},
	"limits.say":            {format: 0, status: 429},
	"main.newProblem":       {format: 2},
}

// A field is a field of a struct that becomes a text.
type field struct {
	status int
	before string // what the text begins with
}

// The structs whose fields become texts, by package, name and field.
var fields = map[string]field{
	"limits.Throttled.Reason":  {status: 429},
	"limits.Throttled.Advice":  {status: 429},
	"payment.Malformed.Reason": {status: 400, before: "<field> "},
	"payment.Refusal.Reason":   {status: 403, before: "<field> "},
	"payment.Invalid.Reason":   {status: 400, before: "<parameter> "},
	"broker.purpose.exhausted": {status: 429},
	"broker.Mismatch.Reason":   {status: 502, before: "Rejected the token that Paxos returned: "},
}

// The files in which every error that is made becomes a text of status 400, because it is about input.
var inputFiles = []string{"input/", "catalog/resolution.go", "catalog/risk.go", "payment/destination.go",
	"payment/decimal.go", "report/severity.go"}

// The functions whose formats become texts of the status of Paxos's answer.
var sentences = []string{"backend.sentence", "backend.rejected", "backend.explained", "backend.failed"}

// The packages in which every string that is a sentence becomes a text of this status.
var speaking = map[string]int{"limits": 429}

// A collector finds the texts of one package.
type collector struct {
	*packages.Package
	found  map[string]text
	passed map[string]bool // functions that pass a format on and are not in sources, with their place
}

// collect returns the texts of the packages, each once.
func collect(patterns []string) ([]text, error) {
	loaded, err := packages.Load(&packages.Config{Mode: packages.LoadSyntax}, patterns...)
	if err != nil {
		return nil, err
	}
	var all []error
	found, passed := map[string]text{}, map[string]bool{}
	for _, one := range loaded {
		for _, failure := range one.Errors {
			all = append(all, failure)
		}
		c := collector{Package: one, found: found, passed: passed}
		for _, file := range one.Syntax {
			c.file(file)
		}
	}
	for name := range passed {
		all = append(all, fmt.Errorf("%s passes on the format of a text: name it in sources", name))
	}
	if len(found) == 0 {
		all = append(all, fmt.Errorf("no text in %q", patterns))
	}
	texts := []text{}
	for _, one := range found {
		texts = append(texts, one)
	}
	slices.SortFunc(texts, func(a, z text) int {
		return cmp.Or(cmp.Compare(a.status, z.status), cmp.Compare(a.words, z.words))
	})
	return texts, errors.Join(all...)
}

// file collects the texts of a file.
func (c collector) file(file *ast.File) {
	for _, declared := range file.Decls {
		function, _ := declared.(*ast.FuncDecl)
		speaks := function != nil && slices.Contains(sentences, c.Name+"."+function.Name.Name)
		ast.Inspect(declared, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if strings.HasPrefix(c.callee(n), "hclog.") {
					return false // what is logged is no text for callers
				}
				c.call(n, speaks)
				c.passes(n, function)
			case *ast.CompositeLit:
				c.composite(n)
			case *ast.ReturnStmt:
				c.returned(n, speaks)
			case ast.Expr:
				return !c.sentence(n)
			}
			return true
		})
	}
}

// call collects the text of a call.
func (c collector) call(call *ast.CallExpr, speaks bool) {
	name := c.callee(call)
	if s, known := sources[name]; known && len(call.Args) > s.format {
		status := s.status
		if status == 0 && s.format > 0 {
			status = c.number(call.Args[0])
		}
		c.add(status, c.format(call.Args[s.format], call.Args[s.format+1:]), call.Pos())
		return
	}
	isError := name == "errors.New" || name == "fmt.Errorf"
	switch where := c.where(call.Pos()); {
	case isError && slices.ContainsFunc(inputFiles, func(part string) bool { return strings.HasPrefix(where, part) }):
		c.add(400, c.format(call.Args[0], call.Args[1:]), call.Pos())
	case speaks && name == "fmt.Sprintf":
		c.add(0, c.format(call.Args[0], call.Args[1:]), call.Pos())
	}
}

// passes takes note of a function that makes a text of a format which is its own parameter. Only its callers
// know the text, so they are looked at if the function is in sources.
func (c collector) passes(call *ast.CallExpr, within *ast.FuncDecl) {
	s, known := sources[c.callee(call)]
	if !known || within == nil || len(call.Args) <= s.format {
		return
	}
	format, _ := call.Args[s.format].(*ast.Ident)
	if format == nil {
		return
	}
	object := c.TypesInfo.Uses[format]
	if object == nil {
		return
	}
	name, declared := c.Name+"."+within.Name.Name, object.Pos()
	parameter := within.Type.Params.Pos() <= declared && declared < within.Type.Params.End()
	if _, known := sources[name]; !known && parameter {
		c.passed[name] = true
	}
}

// composite collects the texts of the fields of a struct.
func (c collector) composite(literal *ast.CompositeLit) {
	named, _ := types.Unalias(c.TypesInfo.TypeOf(literal)).(*types.Named)
	if named == nil || named.Obj().Pkg() == nil {
		return
	}
	structure, _ := named.Underlying().(*types.Struct)
	for i, element := range literal.Elts {
		name, value := "", element
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			if key, ok := pair.Key.(*ast.Ident); ok {
				name, value = key.Name, pair.Value
			}
		} else if structure != nil {
			name = structure.Field(i).Name()
		}
		if f, known := fields[named.Obj().Pkg().Name()+"."+named.Obj().Name()+"."+name]; known {
			words := verb.ReplaceAllString(c.render(value), "<time left>") // the only verb in such a text
			if isText(words) {
				c.add(f.status, f.before+words, value.Pos())
			}
		}
	}
}

// sentence collects a constant that is a text by itself, and reports whether it is a constant.
func (c collector) sentence(expression ast.Expr) bool {
	status, speaks := speaking[c.Name]
	known := c.TypesInfo.Types[expression]
	if !speaks || known.Value == nil || known.Value.Kind() != constant.String {
		return false
	}
	words := verb.ReplaceAllString(strings.ReplaceAll(constantText(known), "%q", `"<value>"`), "<value>")
	if begin, _ := utf8.DecodeRuneInString(words); unicode.IsUpper(begin) && strings.Count(words, " ") > 2 {
		c.add(status, words, expression.Pos())
	}
	return true
}

// returned collects the text that a function returns, where that is one.
func (c collector) returned(statement *ast.ReturnStmt, speaks bool) {
	for _, result := range statement.Results {
		if call, ok := result.(*ast.CallExpr); ok && c.callee(call) != "fmt.Sprintf" {
			continue
		}
		words := c.render(result)
		switch {
		case c.Name == "payment" && strings.HasPrefix(words, "must ") && isString(c.TypesInfo.TypeOf(result)):
			c.add(400, "<parameter> "+words, result.Pos())
		case speaks && !strings.HasPrefix(words, "`"): // a command is part of a text
			c.add(0, words, result.Pos())
		}
	}
}

// add adds a text, unless it only passes on another one.
func (c collector) add(status int, words string, at token.Pos) {
	words = strings.Join(strings.Fields(words), " ")
	if strings.HasPrefix(words, "must ") { // said of a parameter that the caller of the function names
		words = "<parameter> " + words
	}
	if _, known := c.found[normal(words)]; !known && isText(words) {
		c.found[normal(words)] = text{status, words, c.where(at)}
	}
}

// callee returns the function that is called, as package.name.
func (c collector) callee(call *ast.CallExpr) string {
	var name *ast.Ident
	switch function := call.Fun.(type) {
	case *ast.Ident:
		name = function
	case *ast.SelectorExpr:
		name = function.Sel
	default:
		return ""
	}
	if function, ok := c.TypesInfo.Uses[name].(*types.Func); ok && function.Pkg() != nil {
		return function.Pkg().Name() + "." + function.Name()
	}
	return ""
}

// where returns the file of a place in the code, as package/file.go.
func (c collector) where(at token.Pos) string {
	return c.Name + "/" + filepath.Base(c.Fset.Position(at).Filename)
}

// number returns the value of a constant; 0 if it is none.
func (c collector) number(expression ast.Expr) int {
	if value := c.TypesInfo.Types[expression].Value; value != nil {
		if number, exact := constant.Int64Val(constant.ToInt(value)); exact {
			return int(number)
		}
	}
	return 0
}

// isString reports whether the type is a string.
func isString(t types.Type) bool {
	basic, ok := t.(*types.Basic)
	return ok && basic.Info()&types.IsString != 0
}
