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
// Folders that begin with a dot are left out, and bin and dist in a DIRECTORY.
package main

import (
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"vault-plugin-secrets-paxos/scripts/tools/tree"
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
		err := tree.Read(directory, func(path string, entry fs.DirEntry) bool {
			return !slices.Contains(leftOut, path) && (entry.IsDir() || hasProse(path))
		}, func(path string, text []byte) {
			files++
			for _, use := range uses(prose(path, text)) {
				fmt.Fprintf(complaints, "%s:%d: %q: write %s\n", path, use.line, use.mark.words, use.mark.instead)
				found++
			}
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
