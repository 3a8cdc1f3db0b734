// Command paxos-report reads the reports of a mount with an ordinary Vault token, and writes them
// as one page that a security reviewer can look at, print and keep, or as JSON. It reads from Vault
// only, and changes nothing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/vault/api"

	"vault-plugin-secrets-paxos/backend/version"
)

// The exit codes. The flag package uses 2 for wrong flags too.
const (
	exitFine     = 0
	exitFailed   = 1
	exitUsage    = 2
	exitFindings = 3 // there are findings as severe as -fail-on says
)

// severities are the severities of findings, the worst first.
var severities = []string{"high", "medium", "low", "info"}

// usage is what -help prints above the flags.
const usage = `Usage: paxos-report [flags] > report.html

Reads report/least-privilege, report/drift and the roles of a paxos mount, and writes
one HTML page that needs no other file. VAULT_ADDR, VAULT_TOKEN, VAULT_NAMESPACE and
VAULT_CACERT have the same meaning as for the vault command. The Vault token needs read
on report/*. With list and read on roles/* the page also shows the active tokens by role.

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
}

// main writes the report, unless it is interrupted.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program. It writes the report to out and errors to complaints, and returns the exit code.
func run(ctx context.Context, arguments []string, out, complaints io.Writer) int {
	wanted, code, ok := parseFlags(arguments, out, complaints)
	if !ok {
		return code
	}
	vault, err := api.NewClient(nil) // as the environment says
	if err == nil && vault.Token() == "" {
		err = errors.New("VAULT_TOKEN is not set: log in with Vault, and set it to your token")
	}
	if err != nil {
		fmt.Fprintf(complaints, "paxos-report: %v\n", err)
		return exitFailed
	}
	code, err = report(ctx, vault, wanted, time.Now(), out)
	if err != nil {
		fmt.Fprintf(complaints, "paxos-report: %v\n", err)
	}
	return code
}

// report reads the mount, writes the report and returns the exit code.
func report(ctx context.Context, vault *api.Client, wanted settings, now time.Time, out io.Writer) (int, error) {
	m, err := readMount(ctx, vault, wanted)
	if err != nil {
		return exitFailed, err
	}
	if wanted.json {
		err = m.writeJSON(out)
	} else {
		err = m.writePage(out, now)
	}
	if err != nil {
		return exitFailed, fmt.Errorf("writing the report: %w", err)
	}
	if worst := slices.Index(severities, wanted.failOn); slices.ContainsFunc(m.Findings, func(f finding) bool {
		return slices.Index(severities, f.Severity) <= worst
	}) {
		return exitFindings, nil
	}
	return exitFine, nil
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
	flags.BoolVar(&wanted.refresh, "refresh", false, "compare with Paxos first; this uses a token request")
	flags.BoolVar(&wanted.json, "json", false, "write JSON instead of a page")
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
