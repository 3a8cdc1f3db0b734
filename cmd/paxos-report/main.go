// Command paxos-report reads the reports of a mount with an ordinary Vault token, and writes them
// as one page that a security reviewer can look at, print and keep, or as JSON. It asks Vault only,
// and changes nothing.
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
)

// version is set when a release is built.
var version = "dev"

// The exit codes. Two is for wrong flags, as everywhere.
const (
	exitFine     = 0
	exitFailed   = 1
	exitUsage    = 2
	exitFindings = 3 // there are findings that -fail-on is about
)

// severities are those of findings, the worst first.
var severities = []string{"high", "medium", "low", "info"}

// usage is what -help prints above the flags.
const usage = `Usage: paxos-report [flags] > report.html

Reads report/least-privilege, report/drift and the roles of a paxos mount, and writes
one self-contained HTML page. VAULT_ADDR, VAULT_TOKEN, VAULT_NAMESPACE and VAULT_CACERT
say which Vault, as for the vault command. The token needs read on report/*; with read
and list on roles/* the page also shows the active tokens by role.

Exit codes: 0 done, 1 not done, 2 wrong flags, 3 done, and -fail-on applies.

Flags:
`

// settings is what the flags say.
type settings struct {
	mount   string
	refresh bool
	json    bool
	failOn  string
}

// main runs until it is done or interrupted.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program. It returns the exit code.
func run(ctx context.Context, arguments []string, out, complaints io.Writer) int {
	wanted, code, ok := parseFlags(arguments, out, complaints)
	if !ok {
		return code
	}
	client, err := api.NewClient(nil) // of the environment
	if err == nil && client.Token() == "" {
		err = errors.New("VAULT_TOKEN is not set")
	}
	if err != nil {
		fmt.Fprintf(complaints, "paxos-report: %v\n", err)
		return exitFailed
	}
	code, err = report(ctx, client, wanted, time.Now(), out)
	if err != nil {
		fmt.Fprintf(complaints, "paxos-report: %v\n", err)
	}
	return code
}

// report reads and writes, and returns the exit code.
func report(ctx context.Context, client *api.Client, wanted settings, now time.Time, out io.Writer) (int, error) {
	m, err := readMount(ctx, client, wanted)
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

// parseFlags reads the flags. It returns false if there is nothing to run, with the exit code to
// end with.
func parseFlags(arguments []string, out, complaints io.Writer) (wanted settings, code int, ok bool) {
	flags := flag.NewFlagSet("paxos-report", flag.ContinueOnError)
	var said strings.Builder // help that was asked for is an answer, everything else a complaint
	flags.SetOutput(&said)
	flags.Usage = func() {
		fmt.Fprint(&said, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&wanted.mount, "mount", "paxos", "`path` of the mount")
	flags.BoolVar(&wanted.refresh, "refresh", false, "compare with Paxos first, which costs a token request")
	flags.BoolVar(&wanted.json, "json", false, "write JSON instead of a page")
	flags.StringVar(&wanted.failOn, "fail-on", "",
		"exit with 3 if there are open findings (not accepted ones) of this `severity` or worse: "+
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
		fmt.Fprintln(out, version)
		return wanted, exitFine, false
	}
	wanted.mount = strings.Trim(wanted.mount, "/")
	switch {
	case flags.NArg() > 0:
		fmt.Fprintf(complaints, "paxos-report: unexpected argument %q\n", flags.Arg(0))
	case wanted.mount == "":
		fmt.Fprintln(complaints, "paxos-report: -mount is empty")
	case wanted.failOn != "" && !slices.Contains(severities, wanted.failOn):
		fmt.Fprintf(complaints, "paxos-report: -fail-on must be one of %s\n", strings.Join(severities, ", "))
	default:
		return wanted, exitFine, true
	}
	return wanted, exitUsage, false
}
