package main

import (
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// arrows maps each file of a package to the files that it knows, and each of those to the names that
// it uses of them.
type arrows map[string]map[string][]string

// arrowsOf finds the arrows of a package. Files that are left out have no arrows and get none.
func arrowsOf(pkg *packages.Package, leftOut []string) arrows {
	found := arrows{}
	for _, file := range pkg.Syntax {
		if path := pkg.Fset.Position(file.Pos()).Filename; !isLeftOut(path, leftOut) {
			found[filepath.Base(path)] = map[string][]string{}
		}
	}
	fileOf := func(position token.Pos) string { return filepath.Base(pkg.Fset.Position(position).Filename) }
	for identifier, object := range pkg.TypesInfo.Uses {
		if object.Pkg() != pkg.Types || !outlivesFunctions(object) {
			continue
		}
		from, to := fileOf(identifier.Pos()), fileOf(object.Pos())
		if from == to || found[from] == nil || found[to] == nil {
			continue
		}
		if names := found[from][to]; !slices.Contains(names, object.Name()) {
			found[from][to] = append(names, object.Name())
		}
	}
	return found
}

// perFile returns how many arrows a file has on average.
func (a arrows) perFile() float64 {
	all := 0
	for _, to := range a {
		all += len(to)
	}
	return float64(all) / float64(max(1, len(a)))
}

// isLeftOut reports whether a path ends with one of the paths that are left out.
func isLeftOut(path string, leftOut []string) bool {
	return slices.ContainsFunc(leftOut, func(end string) bool {
		return strings.HasSuffix(filepath.ToSlash(path), "/"+end)
	})
}

// outlivesFunctions reports whether an object is declared in a package or is a field or a method of
// one of its types.
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
