package main

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

var (
	verb  = regexp.MustCompile(`%(?:\[(\d+)\])?[-+# 0-9.*]*([a-zA-Z%])`)
	blank = regexp.MustCompile(`<[^<>]+>`)
	word  = regexp.MustCompile(`[A-Za-z]{2,}`)
)

// mountMark is what the engine's texts have in place of the path of the mount. The page has paxos/.
const mountMark = "<mount>/"

// normal is a text in a form in which two texts are equal if they differ only in what stands for
// something else.
func normal(words string) string {
	return blank.ReplaceAllString(strings.Join(strings.Fields(words), " "), "<>")
}

// isText reports whether there is more in it than what stands for something else.
func isText(words string) bool {
	return len(word.FindAllString(blank.ReplaceAllString(words, ""), 2)) > 1
}

// format returns a format with its arguments.
func (c collector) format(format ast.Expr, arguments []ast.Expr) string {
	rendered := c.render(format)
	next := 0
	return verb.ReplaceAllStringFunc(rendered, func(found string) string {
		parts := verb.FindStringSubmatch(found)
		if parts[2] == "%" {
			return "%"
		}
		if number, err := strconv.Atoi(parts[1]); err == nil { // such as %[2]d
			next = number - 1
		}
		value := "<value>"
		if next < len(arguments) {
			value = c.render(arguments[next])
		}
		next++
		if parts[2] == "q" {
			return `"` + value + `"`
		}
		return value
	})
}

// render returns a text as the page shows it. What is not constant becomes its name in angle brackets.
func (c collector) render(expression ast.Expr) string {
	if known := c.TypesInfo.Types[expression]; known.Value != nil {
		return constantText(known)
	}
	switch e := expression.(type) {
	case *ast.ParenExpr:
		return c.render(e.X)
	case *ast.BinaryExpr:
		if e.Op == token.ADD && isString(c.TypesInfo.TypeOf(e)) {
			return c.render(e.X) + c.render(e.Y)
		}
	case *ast.CallExpr:
		if c.callee(e) == "fmt.Sprintf" {
			return c.format(e.Args[0], e.Args[1:])
		}
	}
	name := nameOf(expression)
	if name == "mount point" {
		return "paxos/"
	}
	return "<" + name + ">"
}

// constantText returns a constant as a text shows it.
func constantText(known types.TypeAndValue) string {
	if known.Value.Kind() == constant.String {
		return strings.ReplaceAll(constant.StringVal(known.Value), mountMark, "paxos/")
	}
	if known.Type.String() == "time.Duration" {
		number, _ := constant.Int64Val(known.Value)
		return strings.NewReplacer("h0m0s", "h", "m0s", "m").Replace(time.Duration(number).String())
	}
	return known.Value.ExactString()
}

// nameOf returns words for what an expression is.
func nameOf(expression ast.Expr) string {
	switch e := expression.(type) {
	case *ast.Ident:
		return spaced(e.Name)
	case *ast.SelectorExpr:
		return spaced(e.Sel.Name)
	case *ast.StarExpr:
		return nameOf(e.X)
	case *ast.IndexExpr:
		return nameOf(e.X)
	case *ast.CallExpr:
		return nameOfCall(e)
	case *ast.BinaryExpr:
		return nameOf(e.X)
	}
	return "value"
}

// nameOfCall returns words for what a call returns.
func nameOfCall(call *ast.CallExpr) string {
	name := nameOf(call.Fun)
	method, _ := call.Fun.(*ast.SelectorExpr)
	switch {
	case name == "timestamp":
		return "time"
	case len(call.Args) > 0 && (name == "join" || name == "sprint" || name == "string" || name == "quote"):
		return nameOf(call.Args[0])
	case method != nil && (name == "error" || name == "string" || name == "round"):
		return nameOf(method.X)
	}
	return name
}

// plainer are words for readers in place of names that only the source explains.
var plainer = map[string]string{"err": "cause", "excerpt": "what was sent", "shortened": "names", "len": "number",
	"get": "name", "truncate": "duration", "checkout": "state", "keysSign": "key", "unsigned": "reason"}

// spaced writes a name of Go as words.
func spaced(name string) string {
	if plain, ok := plainer[name]; ok {
		return plain
	}
	var words strings.Builder
	letters := []rune(name)
	for i, letter := range letters {
		if i > 0 && unicode.IsUpper(letter) && !unicode.IsUpper(letters[i-1]) {
			words.WriteRune(' ')
		}
		words.WriteRune(unicode.ToLower(letter))
	}
	return words.String()
}
