// Command errortexts keeps the page of error texts complete: it finds every text that a caller of the
// engine or of paxos-proxy can get, and fails if the page lacks one, or shows one that is no more.
// `make check` runs it.
//
// The page shows the texts in blocks of the language text. A text begins at the start of a line, and
// its other lines are indented. Words in angle brackets stand for what differs from case to case. The
// texts that the page explains are written by hand; with -update the program writes all others into
// the end of the page, after the line "<!-- errortexts -->".
//
// Usage:
//
//	errortexts [-update] PAGE PACKAGE…
//
// The exit code is 0 if the page is complete, 1 if it is not, and 2 if something cannot be read.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program. It returns the exit code.
func run(arguments []string, out, complaints io.Writer) int {
	flags := flag.NewFlagSet("errortexts", flag.ContinueOnError)
	flags.SetOutput(complaints)
	update := flags.Bool("update", false, "write the texts that the page does not explain into its end")
	if err := flags.Parse(arguments); err != nil {
		return 2
	}
	if flags.NArg() < 2 {
		fmt.Fprintln(complaints, "errortexts: name the page and the packages")
		return 2
	}
	texts, err := collect(flags.Args()[1:])
	if err != nil {
		fmt.Fprintln(complaints, "errortexts:", err)
		return 2
	}
	written, err := os.ReadFile(flags.Arg(0))
	if err != nil {
		fmt.Fprintln(complaints, "errortexts:", err)
		return 2
	}
	p := readPage(string(written))
	if *update {
		if err := os.WriteFile(flags.Arg(0), []byte(p.withOthers(texts)), 0o600); err != nil {
			fmt.Fprintln(complaints, "errortexts:", err)
			return 2
		}
		p = readPage(p.withOthers(texts))
	}
	problems := p.compare(texts)
	for _, problem := range problems {
		fmt.Fprintf(complaints, "%s: %s\n", flags.Arg(0), problem)
	}
	if len(problems) > 0 {
		fmt.Fprintln(complaints, "errortexts: mend the texts that the page explains, then run make errors")
		return 1
	}
	fmt.Fprintf(out, "errortexts: %d texts, of which the page explains %d\n", len(texts), p.explained(texts))
	return 0
}
