package backend

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/limits"
)

// A sourceText is a text in the source of this package. What is only known at run time is "x".
type sourceText struct {
	at   token.Position
	kind string // the function that gets the text, such as fault.BadRequest; empty for any other text
	text string
	open bool // the text ends with a value that is only known at run time
}

// textSource reads the texts of this package from its source.
type textSource struct {
	files     *token.FileSet
	parsed    []*ast.File
	constants map[string]ast.Expr
}

func newTextSource(t *testing.T) textSource {
	t.Helper()
	s := textSource{files: token.NewFileSet(), constants: map[string]ast.Expr{}}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(s.files, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		s.parsed = append(s.parsed, file)
	}
	for _, file := range s.parsed {
		ast.Inspect(file, func(node ast.Node) bool {
			if spec, ok := node.(*ast.ValueSpec); ok {
				for i, name := range spec.Names {
					if i < len(spec.Values) {
						s.constants[name.Name] = spec.Values[i]
					}
				}
			}
			return true
		})
	}
	return s
}

// verb matches a verb of fmt, with the index of its argument.
var verb = regexp.MustCompile(`%(\[(\d+)\])?[sdqv]`)

// fold returns the text of an expression, "x" for what is only known at run time, and whether any part of
// the text stands in the source.
func (s textSource) fold(expr ast.Expr) (text string, known bool) {
	switch e := expr.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			text, err := strconv.Unquote(e.Value)
			return text, err == nil
		}
	case *ast.ParenExpr:
		return s.fold(e.X)
	case *ast.BinaryExpr:
		left, ok := s.fold(e.X)
		right, also := s.fold(e.Y)
		return left + right, e.Op == token.ADD && (ok || also)
	case *ast.Ident:
		if value, ok := s.constants[e.Name]; ok {
			if _, literal := value.(*ast.CallExpr); !literal {
				return s.fold(value)
			}
		}
	case *ast.CallExpr:
		if called(e) == "fmt.Sprintf" {
			return s.format(e.Args)
		}
	}
	return "x", false
}

// format folds a format and puts its values in.
func (s textSource) format(args []ast.Expr) (text string, known bool) {
	format, known := s.fold(args[0])
	next := 0
	return verb.ReplaceAllStringFunc(format, func(found string) string {
		if index := verb.FindStringSubmatch(found)[2]; index != "" {
			next, _ = strconv.Atoi(index)
			next--
		}
		value := "x"
		if next+1 < len(args) {
			value, _ = s.fold(args[next+1])
		}
		next++
		return value
	}), known
}

// called names the function of a call, such as fault.BadRequest or append.
func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		switch of := f.X.(type) {
		case *ast.Ident:
			return of.Name + "." + f.Sel.Name
		case *ast.SelectorExpr:
			return of.Sel.Name + "." + f.Sel.Name
		}
		return f.Sel.Name
	}
	return ""
}

// formats says which argument of a function is the format of a text for Vault's caller.
var formats = map[string]int{
	"fault.BadRequest": 0, "fault.Forbidden": 0, "fault.New": 1, "stoppedAfter": 1, "b.refuseNeeded": 2,
	"logical.CodedError": 1, "logical.ErrorResponse": 0,
}

// all lists every text, the one of a function with the function.
func (s textSource) all() (texts []sourceText) {
	add := func(node ast.Expr, kind string, text string, known bool) {
		if known && strings.Contains(text, " ") {
			texts = append(texts, sourceText{s.files.Position(node.Pos()), kind, text, endsOpen(node)})
		}
	}
	seen := map[ast.Node]bool{} // formats, which are no texts without their values
	for _, file := range s.parsed {
		ast.Inspect(file, func(node ast.Node) bool {
			if seen[node] {
				return false
			}
			switch e := node.(type) {
			case *ast.CallExpr:
				name := called(e)
				i, ok := formats[name]
				if name == "fmt.Sprintf" {
					name, ok = "", true
				}
				if ok && len(e.Args) > i {
					text, known := s.format(e.Args[i:])
					add(e.Args[i], name, text, known)
					seen[e.Args[i]] = true
				}
				switch {
				case strings.HasPrefix(name, "logger."):
					text, known := s.fold(e.Args[0])
					add(e.Args[0], "log", text, known)
				case name == "resp.AddWarning", name == "spec.Warned", name == "append" && isWarnings(e.Args[0]):
					for _, arg := range e.Args {
						text, known := s.fold(arg)
						add(arg, "warning", text, known)
					}
				}
			case *ast.FuncDecl:
				if warns[e.Name.Name] {
					for _, result := range s.returned(e) {
						text, known := s.fold(result)
						add(result, "warning", text, known)
					}
				}
			case *ast.KeyValueExpr:
				if list, ok := e.Value.(*ast.CompositeLit); ok && isWarnings(e.Key) {
					for _, one := range list.Elts {
						text, known := s.fold(one)
						add(one, "warning", text, known)
					}
				}
			case ast.Expr:
				text, known := s.fold(e)
				add(e, "", text, known)
				_, sum := e.(*ast.BinaryExpr)
				return !sum || !known // the parts of a sum are no texts of their own
			}
			return true
		})
	}
	return texts
}

// warns are the functions that return warnings, each as one text or as a list.
var warns = map[string]bool{
	"cutWarning": true, "doubtWarning": true, "endedWarning": true, "issueWarnings": true, "lacks": true,
	"oddNetworks": true, "orphans": true, "unended": true, "unknownAssets": true, "unknownScopes": true,
	"unknownToken": true, "unreadableWarnings": true, "keysWithoutID": true, "emptyLists": true, "lowLimits": true,
	"liftedLimits": true,
}

// returned lists the texts that a function returns.
func (s textSource) returned(function *ast.FuncDecl) (texts []ast.Expr) {
	ast.Inspect(function, func(node ast.Node) bool {
		if result, ok := node.(*ast.ReturnStmt); ok {
			for _, value := range result.Results {
				if list, ok := value.(*ast.CompositeLit); ok {
					texts = append(texts, list.Elts...)
				} else {
					texts = append(texts, value)
				}
			}
		}
		return true
	})
	return texts
}

// isWarnings reports whether a name is one for the warnings of an answer.
func isWarnings(expr ast.Expr) bool {
	switch e := expr.(type) {
	case *ast.Ident:
		return strings.EqualFold(e.Name, "warnings")
	case *ast.SelectorExpr:
		return strings.EqualFold(e.Sel.Name, "warnings")
	}
	return false
}

// endsOpen reports whether a text ends with a value that is only known at run time.
func endsOpen(expr ast.Expr) bool {
	switch e := expr.(type) {
	case *ast.BasicLit:
		return strings.HasSuffix(e.Value, `%s"`)
	case *ast.BinaryExpr:
		return endsOpen(e.Y)
	case *ast.CallExpr:
		return called(e) != "fmt.Sprintf" || endsOpen(e.Args[0])
	}
	return true
}

// notForCallers are words that no text for a caller has. The marks of old words that no file may have are in
// scripts/tools/wording/marks.txt.
var notForCallers = regexp.MustCompile(
	`(?i)\b(of use|goes on|go on|too much|stock(ed)?|mint(s|ing)|there is no|it is none)\b`)

// bodyFields are fields of a body that is signed. A refusal may begin with one.
var bodyFields = []string{"amount", "ref_id"}

// TestTextsForCallers finds every error and warning that this package makes for Vault's caller.
func TestTextsForCallers(t *testing.T) {
	t.Parallel()
	parameters := parametersOf(newTextMount(t))
	counts := map[string]int{}
	for _, text := range newTextSource(t).all() {
		_, fault := formats[text.kind]
		if !fault && text.kind != "warning" {
			continue
		}
		counts[text.kind]++
		complain := func(what string) { t.Errorf("%s: %s: %s", text.at, what, text.text) }
		first := strings.FieldsFunc(text.text, func(r rune) bool { return strings.ContainsRune(" ,.=[:", r) })[0]
		switch begins := []rune(first)[0]; {
		case !unicode.IsUpper(begins) && first != "x" && !parameters[first] && !slices.Contains(bodyFields, first):
			complain("it begins neither with a capital nor with a parameter")
		case !text.open && !strings.HasSuffix(text.text, "."):
			complain("it does not end with a full stop")
		case notForCallers.MatchString(text.text):
			complain("it says " + strconv.Quote(notForCallers.FindString(text.text)))
		case len(text.text) > 350:
			complain(fmt.Sprintf("it has %d characters", len(text.text)))
		}
	}
	t.Log(counts)
	if counts["fault.BadRequest"] < 150 || counts["warning"] < 20 {
		t.Errorf("found only %v", counts)
	}
}

// TestOtherTexts finds the marks of the old words in all other texts, such as the descriptions of paths and
// the reason why a client is not available.
func TestOtherTexts(t *testing.T) {
	t.Parallel()
	for _, text := range newTextSource(t).all() {
		if notForCallers.MatchString(text.text) {
			t.Errorf("%s: it says %q: %s", text.at, notForCallers.FindString(text.text), text.text)
		}
	}
}

// TestLogLines keeps the form of Go: lower case, no full stop.
func TestLogLines(t *testing.T) {
	t.Parallel()
	count := 0
	for _, text := range newTextSource(t).all() {
		if text.kind != "log" {
			continue
		}
		count++
		switch {
		case unicode.IsUpper([]rune(text.text)[0]) && !strings.HasPrefix(text.text, "Paxos"):
			t.Errorf("%s: it begins with a capital: %s", text.at, text.text)
		case strings.HasSuffix(text.text, "."):
			t.Errorf("%s: it ends with a full stop: %s", text.at, text.text)
		case notForCallers.MatchString(text.text):
			t.Errorf("%s: it says %q: %s", text.at, notForCallers.FindString(text.text), text.text)
		}
	}
	t.Log(count)
	if count < 25 {
		t.Errorf("found only %d", count)
	}
}

// Commands in texts: between backquotes, or on an indented line of a help text.
var (
	quotedCommand   = regexp.MustCompile("`(vault [^`]*)`")
	indentedCommand = regexp.MustCompile(`(?m)^ {4,}(vault (?:[^\n\\]|\\\n)*)`)
)

// TestCommands checks the path and the parameters of every command in a text of this package.
func TestCommands(t *testing.T) {
	t.Parallel()
	b := newTextMount(t)
	checked := map[string]bool{}
	for _, text := range newTextSource(t).all() {
		for _, found := range append(quotedCommand.FindAllStringSubmatch(text.text, -1),
			indentedCommand.FindAllStringSubmatch(text.text, -1)...) {
			command := strings.ReplaceAll(found[1], "\\\n", " ")
			checked[command] = true
			if problem := commandProblem(b, command); problem != "" {
				t.Errorf("%s: %s: %s", text.at, problem, command)
			}
		}
	}
	t.Log(len(checked))
	if len(checked) < 30 {
		t.Errorf("found only %d commands", len(checked))
	}
}

// TestCommandsThatAreWrong shows that a wrong command does not pass.
func TestCommandsThatAreWrong(t *testing.T) {
	t.Parallel()
	b := newTextMount(t)
	for command, want := range map[string]string{
		"vault read <mount>/status":                                      "",
		"vault write -f <mount>/roles/<name>/rotate":                     "",
		"vault write <mount>/roles/x/rotate grace=5m":                    "",
		"vault list paxos/roles":                                         "",
		"vault list <mount>/scopes":                                      "",
		"vault path-help <mount>/":                                       "",
		"vault write -f <mount>/role/x":                                  "no such path",
		"vault read roles/x":                                             "no mount",
		"vault write <mount>/config client_id=<Client ID> secret=-":      "no parameter secret",
		"vault write <mount>/roles/x name=x":                             "no parameter name",
		"vault write <mount>/roles/x":                                    "no parameters, and no -f",
		"vault write -f <mount>/status":                                  "no such operation",
		"vault delete <mount>/lockdown":                                  "",
		"vault patch <mount>/lockdown reason=x":                          "no such operation",
		"vault kv get <mount>/x":                                         "no such verb",
		"vault write <mount>/config environment=<environment> ...":       "it is not complete",
		"vault write <mount>/clients/x/rotate client_secret=- -force":    "",
		"vault read -field=public_key paxos/keys/payments":               "",
		"vault read paxos/operations list=true tag=Transfers":            "",
		"vault write <mount>/clients/<name>/rotate client_id=<ID>":       "no parameter client_id",
		"vault write <mount>/config/promote-standby client=<name>":       "",
		"vault write <mount>/exceptions/x rule=a subject=b reason=<why>": "",
	} {
		if got := commandProblem(b, command); got != want {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
}

// operationOf is the operation of a command of Vault.
var operationOf = map[string]logical.Operation{
	"read": logical.ReadOperation, "write": logical.UpdateOperation, "list": logical.ListOperation,
	"delete": logical.DeleteOperation, "patch": logical.PatchOperation,
}

// commandProblem returns what is wrong with a command: that the mount has no such path, or that the path has
// no such operation or parameter. It returns "" if nothing is.
func commandProblem(b *backend, command string) string {
	command = strings.ReplaceAll(command, mountMark, "paxos/")
	command = regexp.MustCompile(`<[^>]*>|"[^"]*"`).ReplaceAllString(command, "x")
	var flags, words []string
	for _, word := range strings.Fields(command)[1:] {
		if strings.HasPrefix(word, "-") {
			flags = append(flags, word)
		} else {
			words = append(words, word)
		}
	}
	verb, path := words[0], ""
	if len(words) > 1 {
		path = words[1]
	}
	operation, known := operationOf[verb]
	path, mounted := strings.CutPrefix(path, "paxos/")
	switch {
	case verb == "path-help" && mounted:
		return ""
	case command == "vault lease revoke -force -prefix paxos/creds/": // it is Vault's, not of a mount
		return ""
	case !known:
		return "no such verb"
	case !mounted:
		return "no mount"
	case strings.HasSuffix(command, "..."):
		return "it is not complete"
	}
	if path == "x" { // only known at run time: the tests of these errors name the whole command
		return ""
	}
	forced := slices.Contains(flags, "-f") || slices.Contains(flags, "-force")
	if operation == logical.UpdateOperation && len(words) == 2 && !forced {
		return "no parameters, and no -f"
	}
	if operation == logical.ListOperation || slices.Contains(words, "list=true") {
		operation, path = logical.ListOperation, strings.TrimSuffix(path, "/")+"/"
	}
	route := b.Route(path)
	if route == nil {
		return "no such path"
	}
	if route.Operations[operation] == nil {
		return "no such operation"
	}
	for _, word := range words[2:] {
		name, _, _ := strings.Cut(word, "=")
		if !takes(route, name) && word != "list=true" {
			return "no parameter " + name
		}
	}
	return ""
}

// takes reports whether a path has a parameter in its body or query.
func takes(path *framework.Path, name string) bool {
	_, ok := path.Fields[name]
	return ok && !strings.Contains(path.Pattern, "<"+name+">")
}

// newTextMount returns a mount for its paths.
func newTextMount(t *testing.T) *backend {
	t.Helper()
	made, err := NewFactory(Options{Limits: limits.New(1)})(t.Context(),
		&logical.BackendConfig{StorageView: &logical.InmemStorage{}, System: &logical.StaticSystemView{}})
	if err != nil {
		t.Fatal(err)
	}
	return made.(*backend)
}

// parametersOf lists the parameters of all paths.
func parametersOf(b *backend) map[string]bool {
	all := map[string]bool{}
	for _, path := range b.Paths {
		for name := range path.Fields {
			all[name] = true
		}
	}
	return all
}
