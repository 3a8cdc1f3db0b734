// Command columns fails if files have lines that are too long. `make check` runs it. A tab counts as
// one column.
//
// A line of a Go file may have 120 columns. It may be longer for two reasons only: it is inside a raw
// string of several lines, or it has a string of 90 columns or more, such as a test vector or a text
// that people search for. Such a string is easier to read in one piece.
//
// With -page, a Markdown file is held to what a front page may have: 150 lines of 100 columns, without
// any exception, and 80 columns in a cell of a table. markdownlint checks the lines of other pages.
//
// Usage:
//
//	columns [-most N] [-page FILE] DIRECTORY…
//
// The exit code is 0 if at most N lines are too long and the page is not, 1 if there are more or the
// page is too long, and 2 if a file cannot be read. Folders called testdata and those that begin
// with a dot are left out, and bin and dist in a DIRECTORY.
package main

import (
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"vault-plugin-secrets-paxos/scripts/tools/tree"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program. It returns the exit code.
func run(arguments []string, out, complaints io.Writer) int {
	flags := flag.NewFlagSet("columns", flag.ContinueOnError)
	flags.SetOutput(complaints)
	most := flags.Int("most", 0, "how many lines may be too long")
	page := flags.String("page", "", "a Markdown `file` that is held to what a front page may have")
	if err := flags.Parse(arguments); err != nil {
		return 2
	}
	found, err := search(flags.Args())
	excess := []string{}
	if err == nil && *page != "" {
		var text []byte
		text, err = os.ReadFile(*page)
		excess = frontPage(*page, text)
	}
	if err != nil {
		fmt.Fprintln(complaints, "columns:", err)
		return 2
	}
	fmt.Fprintf(out, "columns: %d lines are too long without a reason, allowed are %d\n", len(found), *most)
	code := 0
	if len(found) > *most {
		fmt.Fprintf(complaints, "columns: split these lines:\n  %s\n", strings.Join(found, "\n  "))
		code = 1
	}
	if len(excess) > 0 {
		fmt.Fprintf(complaints, "columns: shorten the page:\n  %s\n", strings.Join(excess, "\n  "))
		code = 1
	}
	return code
}

// search returns the places of the lines of Go files that are too long.
func search(directories []string) ([]string, error) {
	var found []string
	for _, directory := range directories {
		err := tree.Read(directory, func(path string, entry fs.DirEntry) bool {
			if entry.IsDir() {
				return entry.Name() != "testdata"
			}
			return filepath.Ext(path) == ".go"
		}, func(path string, text []byte) {
			for _, line := range longLines(text) {
				found = append(found, fmt.Sprintf("%s:%d", path, line))
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}
