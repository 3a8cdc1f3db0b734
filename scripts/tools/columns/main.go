// Command columns fails if Go files have lines of more than 120 columns. A tab counts as one column.
// `make check` runs it.
//
// A line may be longer for two reasons only: it is inside a raw string of several lines, or it has
// a string of 90 columns or more, such as a test vector or a text that people search for. Such a
// string is easier to read in one piece.
//
// Usage:
//
//	columns [-most N] DIRECTORY…
//
// The exit code is 0 if there are at most N long lines without a reason, 1 if there are more, and 2 if
// a file cannot be read. Folders called testdata and those that begin with a dot are left out.
package main

import (
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program. It returns the exit code.
func run(arguments []string, out, complaints io.Writer) int {
	flags := flag.NewFlagSet("columns", flag.ContinueOnError)
	flags.SetOutput(complaints)
	most := flags.Int("most", 0, "how many long lines without a reason there may be")
	if err := flags.Parse(arguments); err != nil {
		return 2
	}
	var found []string
	for _, directory := range flags.Args() {
		err := filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if entry.IsDir() {
				return enter(path, entry.Name(), directory)
			}
			if filepath.Ext(path) != ".go" {
				return nil
			}
			text, err := os.ReadFile(path)
			for _, line := range longLines(text) {
				found = append(found, fmt.Sprintf("%s:%d", path, line))
			}
			return err
		})
		if err != nil {
			fmt.Fprintln(complaints, "columns:", err)
			return 2
		}
	}
	fmt.Fprintf(out, "columns: %d lines are longer than %d columns without a reason, allowed are %d\n", len(found),
		widest,
		*most)
	if len(found) > *most {
		fmt.Fprintf(complaints, "columns: split these lines:\n  %s\n", strings.Join(found, "\n  "))
		return 1
	}
	return 0
}

// enter returns fs.SkipDir for a folder that is left out. The root is always entered.
func enter(path, name, root string) error {
	if path != root && (name == "testdata" || strings.HasPrefix(name, ".")) {
		return fs.SkipDir
	}
	return nil
}
