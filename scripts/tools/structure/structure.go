package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// limits are what a package may have at most.
type limits struct {
	arrows float64 // per file, on average
	circle int     // files in the largest circle
	hidden int     // local names that hide a package-level name
}

// A structure is what was found in one package.
type structure struct {
	name    string
	arrows  arrows
	circles [][]string // the largest first
	locals  int        // how many local names there are
	hidden  []hidden
}

// measure finds the structure of a package without the files that are left out.
func measure(pkg *packages.Package, leftOut []string) structure {
	found := structure{name: pkg.PkgPath, arrows: arrowsOf(pkg, leftOut)}
	found.circles = found.arrows.circles()
	found.locals, found.hidden = localsOf(pkg)
	return found
}

// largestCircle returns how many files the largest circle has; 0 if there is no circle.
func (s structure) largestCircle() int {
	if len(s.circles) == 0 {
		return 0
	}
	return len(s.circles[0])
}

// excesses describes every limit that the package exceeds, and what to do about it.
func (s structure) excesses(allowed limits) []string {
	var found []string
	if s.arrows.perFile() > allowed.arrows {
		found = append(found, fmt.Sprintf("%.2f arrows per file, allowed are %g: move declarations to the file that "+
			"uses them most, or merge small files (-v prints the arrows)", s.arrows.perFile(), allowed.arrows))
	}
	if s.largestCircle() > allowed.circle {
		found = append(found,
			fmt.Sprintf("a circle of %d files, allowed are %d: move the declarations by which a lower "+
				"file knows a higher one (-v prints the arrows): %s", s.largestCircle(), allowed.circle,
				strings.Join(s.circles[0], " ")))
	}
	if len(s.hidden) > allowed.hidden {
		found = append(found,
			fmt.Sprintf("%d local names hide a package-level name, allowed are %d: rename one of the "+
				"two (-v prints them)", len(s.hidden), allowed.hidden))
	}
	return found
}

// print prints the figures and, if verbose, what they were counted from.
func (s structure) print(out io.Writer, verbose bool) {
	fmt.Fprintf(out,
		"%s: %d files, %.2f arrows per file, largest circle %d, %d of %d locals hide a package-level name\n",
		s.name, len(s.arrows), s.arrows.perFile(), s.largestCircle(), len(s.hidden), s.locals)
	if !verbose {
		return
	}
	for _, circle := range s.circles {
		fmt.Fprintln(out, "  circle:", strings.Join(circle, " "))
	}
	for _, from := range slices.Sorted(maps.Keys(s.arrows)) {
		fmt.Fprintf(out, "  %s: %d arrows\n", from, len(s.arrows[from]))
		for _, to := range slices.Sorted(maps.Keys(s.arrows[from])) {
			fmt.Fprintf(out, "    %s: %s\n", to, strings.Join(slices.Sorted(slices.Values(s.arrows[from][to])), " "))
		}
	}
	for _, name := range s.hidden {
		fmt.Fprintln(out, "  hidden:", name)
	}
}
