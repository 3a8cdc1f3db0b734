// Command columns fails if files have lines that are too long. `make check` runs it. A tab counts as
// one column.
//
// A line of a Go file may have 120 columns. It may be longer for two reasons only: it is inside a raw
// string of several lines, or it has a string of 90 columns or more, such as a test vector or a text
// that people search for. Such a string is easier to read in one piece.
//
// With -markdown, a line of a Markdown file may have 100 columns. Rows of tables, lines of code blocks
// and lines that are a single word may be longer.
//
// With -page, a file is held to what a front page may have: 150 lines of 100 columns, without any
// exception, and 80 columns in a cell of a table.
//
// Usage:
//
//	columns [-most N] [-markdown] [-page FILE] DIRECTORY…
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
	markdown := flags.Bool("markdown", false, "check the lines of Markdown files too")
	page := flags.String("page", "", "a Markdown `file` that is held to what a front page may have")
	if err := flags.Parse(arguments); err != nil {
		return 2
	}
	checks := map[string]func([]byte) []int{".go": longLines}
	if *markdown {
		checks[".md"] = longTexts
	}
	found, err := search(flags.Args(), checks)
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

// search returns the places of the lines that are too long. checks has a check for each ending of a
// file's name: it returns the numbers of such lines.
func search(directories []string, checks map[string]func([]byte) []int) ([]string, error) {
	var found []string
	for _, directory := range directories {
		err := tree.Read(directory, func(path string, entry fs.DirEntry) bool {
			if entry.IsDir() {
				return entry.Name() != "testdata"
			}
			return checks[filepath.Ext(path)] != nil
		}, func(path string, text []byte) {
			for _, line := range checks[filepath.Ext(path)](text) {
				found = append(found, fmt.Sprintf("%s:%d", path, line))
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}
