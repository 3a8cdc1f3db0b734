// Command structure measures how far the files of a Go package know each other, and fails if they
// know each other too well. `make check` runs it.
//
// An arrow leads from a file to another file of the package that declares something which the first
// one uses: a name, a method or a field. A circle is a set of files each of which can be reached from
// every other one along arrows. A local name hides a package-level name if both are the same. Test
// files do not count.
//
// Usage:
//
//	structure [-except FILE,…] [-arrows N] [-circle N] [-hidden N] [-v] PACKAGE…
//
// The exit code is 0 if every package keeps the limits, 1 if one does not, and 2 if a package cannot
// be loaded.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program. It returns the exit code.
func run(arguments []string, out, complaints io.Writer) int {
	flags := flag.NewFlagSet("structure", flag.ContinueOnError)
	flags.SetOutput(complaints)
	except := flags.String("except", "",
		"`files` that are left out, separated by commas, each as its name or the end of its path: a file with\n"+
			"the central struct of a package, which every other file knows")
	verbose := flags.Bool("v", false, "print every arrow and every hidden name")
	var allowed limits
	flags.Float64Var(&allowed.arrows, "arrows", 6, "how many arrows the files of a package may have on average")
	flags.IntVar(&allowed.circle, "circle", 4, "how many files the largest circle may have")
	flags.IntVar(&allowed.hidden, "hidden", 40, "how many local names may hide a package-level name")
	if err := flags.Parse(arguments); err != nil {
		return 2
	}
	loaded, err := load(flags.Args())
	if err != nil {
		fmt.Fprintln(complaints, "structure:", err)
		return 2
	}
	leftOut := strings.FieldsFunc(*except, func(r rune) bool { return r == ',' })
	code := 0
	for _, one := range loaded {
		found := measure(one, leftOut)
		found.print(out, *verbose)
		for _, excess := range found.excesses(allowed) {
			fmt.Fprintf(complaints, "structure: %s: %s\n", found.name, excess)
			code = 1
		}
	}
	return code
}
