// Command structure measures how far the files of a Go package know each other, and fails
// where they know each other too well. `make check` runs it.
//
// An arrow leads from a file to another file of the package that defines something the first
// one uses: a name, a method or a field. A circle is a set of files each of which can be
// reached from each other along arrows. The file of the package's central struct is left out
// (-except), since every file knows it.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// limits are what a package may have at most.
type limits struct {
	arrows float64 // per file, on average
	circle int     // files in the largest circle
	hidden int     // locals that hide a package-level name
}

func main() {
	var (
		allowed limits
		except  = flag.String("except", "", "the file of the package's central struct, which is left out")
		verbose = flag.Bool("v", false, "print every arrow and every hidden name")
	)
	flag.Float64Var(&allowed.arrows, "arrows", 6, "how many arrows a file may have on average")
	flag.IntVar(&allowed.circle, "circle", 4, "how many files the largest circle may have")
	flag.IntVar(&allowed.hidden, "hidden", 40, "how many locals may hide a package-level name")
	flag.Parse()

	loaded, err := packages.Load(&packages.Config{Mode: packages.LoadSyntax}, flag.Args()...)
	if err != nil {
		fmt.Fprintln(os.Stderr, "structure:", err)
		os.Exit(2)
	}
	if packages.PrintErrors(loaded) > 0 {
		os.Exit(2)
	}
	failed := false
	for _, loadedPackage := range loaded {
		found := measure(loadedPackage, *except)
		found.print(*verbose)
		failed = failed || found.exceeds(allowed)
	}
	if failed {
		fmt.Fprintf(os.Stderr, "structure: allowed are %.1f arrows per file, circles of %d files and %d hidden names; -v lists them\n",
			allowed.arrows, allowed.circle, allowed.hidden)
		os.Exit(1)
	}
}

// structure is what was found in one package.
type structure struct {
	name    string
	arrows  map[string]map[string][]string // from file to file: the names used
	circles [][]string                     // of two files and more, the largest first
	hidden  []string                       // "file:line name"
	locals  int
}

func measure(pkg *packages.Package, except string) structure {
	found := structure{name: pkg.PkgPath, arrows: map[string]map[string][]string{}}
	fileOf := func(position token.Pos) string { return filepath.Base(pkg.Fset.Position(position).Filename) }

	for _, file := range pkg.Syntax {
		if name := fileOf(file.Pos()); name != except {
			found.arrows[name] = map[string][]string{}
		}
	}
	for identifier, object := range pkg.TypesInfo.Uses {
		from := fileOf(identifier.Pos())
		if object.Pkg() != pkg.Types || from == except || !outlivesFunctions(object) {
			continue
		}
		to := fileOf(object.Pos())
		if to == from || to == except {
			continue
		}
		if names := found.arrows[from][to]; !slices.Contains(names, object.Name()) {
			found.arrows[from][to] = append(names, object.Name())
		}
	}
	for identifier, object := range pkg.TypesInfo.Defs {
		if !isLocal(object, pkg.Types) {
			continue
		}
		found.locals++
		if pkg.Types.Scope().Lookup(identifier.Name) != nil {
			position := pkg.Fset.Position(identifier.Pos())
			found.hidden = append(found.hidden,
				fmt.Sprintf("%s:%d %s", filepath.Base(position.Filename), position.Line, identifier.Name))
		}
	}
	slices.Sort(found.hidden)
	found.circles = circles(found.arrows)
	return found
}

// outlivesFunctions reports whether an object belongs to the package or to one of its types.
func outlivesFunctions(object types.Object) bool {
	if object.Parent() == object.Pkg().Scope() {
		return true
	}
	switch object := object.(type) {
	case *types.Var:
		return object.IsField()
	case *types.Func:
		return object.Signature().Recv() != nil
	}
	return false
}

// isLocal reports whether an object is a variable, constant or type inside a function.
func isLocal(object types.Object, of *types.Package) bool {
	if object == nil || object.Parent() == nil || object.Parent() == of.Scope() || object.Name() == "_" {
		return false
	}
	switch object := object.(type) {
	case *types.Var:
		return !object.IsField()
	case *types.Const, *types.TypeName:
		return true
	}
	return false
}

// circles are the strongly connected components of two files and more, by Tarjan's algorithm.
func circles(arrows map[string]map[string][]string) [][]string {
	var (
		found   [][]string
		stack   []string
		index   = map[string]int{}
		lowest  = map[string]int{}
		onStack = map[string]bool{}
		visit   func(file string)
	)
	visit = func(file string) {
		index[file] = len(index) + 1
		lowest[file] = index[file]
		stack, onStack[file] = append(stack, file), true
		for _, to := range slices.Sorted(maps.Keys(arrows[file])) {
			if index[to] == 0 {
				visit(to)
				lowest[file] = min(lowest[file], lowest[to])
			} else if onStack[to] {
				lowest[file] = min(lowest[file], index[to])
			}
		}
		if lowest[file] != index[file] {
			return
		}
		first := slices.Index(stack, file)
		circle := slices.Clone(stack[first:])
		stack = stack[:first]
		for _, member := range circle {
			onStack[member] = false
		}
		if len(circle) > 1 {
			slices.Sort(circle)
			found = append(found, circle)
		}
	}
	for _, file := range slices.Sorted(maps.Keys(arrows)) {
		if index[file] == 0 {
			visit(file)
		}
	}
	slices.SortFunc(found, func(a, b []string) int { return cmp.Compare(len(b), len(a)) })
	return found
}

func (s structure) perFile() float64 {
	all := 0
	for _, to := range s.arrows {
		all += len(to)
	}
	return float64(all) / float64(max(1, len(s.arrows)))
}

func (s structure) largestCircle() int {
	if len(s.circles) == 0 {
		return 0
	}
	return len(s.circles[0])
}

func (s structure) exceeds(allowed limits) bool {
	return s.perFile() > allowed.arrows || s.largestCircle() > allowed.circle || len(s.hidden) > allowed.hidden
}

func (s structure) print(verbose bool) {
	fmt.Printf("%s: %d files, %.2f arrows per file, largest circle %d, %d of %d locals hide a package-level name\n",
		s.name, len(s.arrows), s.perFile(), s.largestCircle(), len(s.hidden), s.locals)
	for _, circle := range s.circles {
		fmt.Println("  circle:", strings.Join(circle, " "))
	}
	if !verbose {
		return
	}
	for _, from := range slices.Sorted(maps.Keys(s.arrows)) {
		fmt.Printf("  %s: %d arrows\n", from, len(s.arrows[from]))
		for _, to := range slices.Sorted(maps.Keys(s.arrows[from])) {
			slices.Sort(s.arrows[from][to])
			fmt.Printf("    %s: %s\n", to, strings.Join(s.arrows[from][to], " "))
		}
	}
	for _, name := range s.hidden {
		fmt.Println("  hidden:", name)
	}
}

