// Package tree reads the files of the project, for the programs that check all of them.
package tree

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Read visits every file below the root that wanted accepts, with its text. It does not enter folders
// that begin with a dot, nor node_modules, nor bin and dist directly below the root, which hold what was
// built. wanted is asked about folders too.
func Read(root string, wanted func(path string, entry fs.DirEntry) bool, visit func(path string, text []byte)) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == root && entry.IsDir():
			return nil
		case entry.IsDir() && (leftOut(root, path, entry.Name()) || !wanted(path, entry)):
			return fs.SkipDir
		case entry.IsDir() || !wanted(path, entry):
			return nil
		}
		text, err := os.ReadFile(path)
		if err == nil {
			visit(path, text)
		}
		return err
	})
}

// leftOut reports whether a folder holds nothing that a person writes.
func leftOut(root, path, name string) bool {
	built := (name == "bin" || name == "dist") && filepath.Dir(path) == filepath.Clean(root)
	return built || name == "node_modules" || strings.HasPrefix(name, ".")
}
