package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"vault-plugin-secrets-paxos/backend/version"
)

// The exit codes. The flag package uses 2 for wrong flags too.
const (
	exitFine     = 0
	exitFailed   = 1
	exitUsage    = 2
	exitFindings = 3 // there are findings as severe as -fail-on says
)

// usage is what -help prints above the flags.
const usage = `Usage: paxos-report [flags]

Reads the reports and the state of a paxos mount, and writes one HTML page that needs
no other file. It changes nothing.

It takes the address and the token of Vault or OpenBao from the same variables and files
as their own commands: BAO_ADDR or VAULT_ADDR, BAO_TOKEN or VAULT_TOKEN, BAO_NAMESPACE,
BAO_CACERT and so on. A BAO_ variable wins. Without a token in the environment it uses
the one that "vault login" or "bao login" stored, also with a token helper.

The token needs read on report/*. With read on status, on roles/*, clients/* and
exceptions/* (and list), on config/guardrails and on lockdown, the page shows more. It
names each path that the token may not read.

With -output, the file is replaced only if the whole report could be made.

Exit codes:
  0  the report was written
  1  the report was not written; the error says why
  2  a flag is wrong
  3  the report was written, and it has findings as severe as -fail-on says

Flags:
`

// settings are the values of the flags.
type settings struct {
	mount   string
	refresh bool
	json    bool
	failOn  string
	output  string
}

// parseFlags reads the flags. If there is nothing to run, it returns false and the exit code.
func parseFlags(arguments []string, out, complaints io.Writer) (wanted settings, code int, ok bool) {
	flags := flag.NewFlagSet("paxos-report", flag.ContinueOnError)
	var said strings.Builder // help that was asked for goes to out, all else to complaints
	flags.SetOutput(&said)
	flags.Usage = func() {
		fmt.Fprint(&said, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&wanted.mount, "mount", "paxos", "`path` of the mount")
	flags.BoolVar(&wanted.refresh, "refresh", false, "compare with Paxos first, which uses a token request; if that is "+
		"refused, show the last comparison")
	flags.BoolVar(&wanted.json, "json", false, "write JSON instead of a page")
	flags.StringVar(&wanted.output, "output", "", "write to this `file`, readable only by you (default: standard output)")
	flags.StringVar(&wanted.failOn, "fail-on", "",
		"exit with 3 if findings of this `severity` or worse are open (not accepted): "+
			strings.Join(severities, ", "))
	showVersion := flags.Bool("version", false, "print the version and exit")
	switch err := flags.Parse(arguments); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, said.String())
		return wanted, exitFine, false
	case err != nil:
		fmt.Fprint(complaints, said.String())
		return wanted, exitUsage, false
	case *showVersion:
		fmt.Fprintln(out, version.Line("paxos-report"))
		return wanted, exitFine, false
	}
	wanted.mount = strings.Trim(wanted.mount, "/")
	switch {
	case flags.NArg() > 0:
		fmt.Fprintf(complaints, "paxos-report: unexpected argument %q\n", flags.Arg(0))
	case wanted.mount == "":
		fmt.Fprintln(complaints, "paxos-report: -mount must not be empty")
	case wanted.failOn != "" && !slices.Contains(severities, wanted.failOn):
		fmt.Fprintf(complaints, "paxos-report: -fail-on must be one of %s\n", strings.Join(severities, ", "))
	default:
		return wanted, exitFine, true
	}
	return wanted, exitUsage, false
}
