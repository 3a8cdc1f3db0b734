package main

import (
	"cmp"
	"fmt"
	"go/types"
	"path/filepath"
	"slices"

	"golang.org/x/tools/go/packages"
)

// A hidden name is a local one that hides a package-level name.
type hidden struct {
	file string
	line int
	name string
}

// String writes the place and the name, such as "client.go:12 secret".
func (h hidden) String() string { return fmt.Sprintf("%s:%d %s", h.file, h.line, h.name) }

// localsOf counts the local names of a package and finds those that hide a package-level name, in the
// order of the files.
func localsOf(pkg *packages.Package) (count int, hiding []hidden) {
	for identifier, object := range pkg.TypesInfo.Defs {
		if !isLocal(object, pkg.Types) {
			continue
		}
		count++
		if pkg.Types.Scope().Lookup(identifier.Name) != nil {
			position := pkg.Fset.Position(identifier.Pos())
			hiding = append(hiding, hidden{filepath.Base(position.Filename), position.Line, identifier.Name})
		}
	}
	slices.SortFunc(hiding, func(a, b hidden) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line), cmp.Compare(a.name, b.name))
	})
	return count, hiding
}

// isLocal reports whether an object is a variable, constant or type inside a function of the package.
// The variable of a type switch has no object, so it does not count.
func isLocal(object types.Object, pkg *types.Package) bool {
	if object == nil || object.Parent() == nil || object.Parent() == pkg.Scope() || object.Name() == "_" {
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
