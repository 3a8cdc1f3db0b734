// Command wording fails if texts have marks of an archaic or compressed voice, which readers stumble
// over. marks.txt lists the marks, each with what to write instead. `make check` runs it.
//
// It reads Markdown, HTML, CSS, shell scripts, policies, golden files and Makefiles whole, and of Go
// files the comments and strings. Case does not matter. A mark of several words is found across a
// line break, also where a comment or a string goes on in the next line.
//
// Usage:
//
//	wording [-except PATH,…] DIRECTORY…
//
// The exit code is 0 if there is no mark, 1 if there are marks, and 2 if a file cannot be read.
// Folders called bin and dist and those that begin with a dot are left out.
package main

import (
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program. It returns the exit code.
func run(arguments []string, out, complaints io.Writer) int {
	flags := flag.NewFlagSet("wording", flag.ContinueOnError)
	flags.SetOutput(complaints)
	except := flags.String("except", "", "files and folders that are left out: `paths` separated by commas")
	if err := flags.Parse(arguments); err != nil {
		return 2
	}
	leftOut := strings.FieldsFunc(*except, func(r rune) bool { return r == ',' })
	files, found := 0, 0
	for _, directory := range flags.Args() {
		err := filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case slices.Contains(leftOut, path) && entry.IsDir():
				return fs.SkipDir
			case entry.IsDir():
				return enter(path, entry.Name(), directory)
			case slices.Contains(leftOut, path) || !hasProse(path):
				return nil
			}
			text, err := os.ReadFile(path)
			files++
			for _, use := range uses(prose(path, text)) {
				fmt.Fprintf(complaints, "%s:%d: %q: write %s\n", path, use.line, use.mark.words, use.mark.instead)
				found++
			}
			return err
		})
		if err != nil {
			fmt.Fprintln(complaints, "wording:", err)
			return 2
		}
	}
	fmt.Fprintf(out, "wording: %d marks of the old voice in %d files\n", found, files)
	if found > 0 {
		return 1
	}
	return 0
}

// enter returns fs.SkipDir for a folder that is left out. The root is always entered.
func enter(path, name, root string) error {
	if path != root && (name == "bin" || name == "dist" || strings.HasPrefix(name, ".")) {
		return fs.SkipDir
	}
	return nil
}
