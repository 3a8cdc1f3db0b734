// Command paxos-report reads the reports of a mount with an ordinary Vault token, and writes them
// as one page that a security reviewer can look at, print and keep, or as JSON. It reads from Vault or
// OpenBao only, and changes nothing.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/hashicorp/vault/api"

	"vault-plugin-secrets-paxos/cmd/internal/environment"
)

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
	vault, err := newVaultClient()
	if err != nil {
		fmt.Fprintf(complaints, "paxos-report: %v\n", err)
		return exitFailed
	}
	code, err = report(ctx, vault, wanted, time.Now(), out, complaints)
	if err != nil {
		fmt.Fprintf(complaints, "paxos-report: %s\n", said(err))
	}
	return code
}

// newVaultClient returns a client of the Vault or OpenBao that the environment names.
func newVaultClient() (*api.Client, error) {
	if err := environment.PreferOpenBao(); err != nil {
		return nil, err
	}
	vault, err := api.NewClient(nil) // as the environment says
	if err != nil || vault.Token() != "" {
		return vault, err
	}
	token, err := environment.StoredToken()
	if err != nil {
		return nil, fmt.Errorf("reading the stored Vault token: %w", err)
	}
	if token == "" {
		return nil, errors.New("no Vault token: log in with `vault login` or `bao login`, or set VAULT_TOKEN or BAO_TOKEN")
	}
	vault.SetToken(token)
	return vault, nil
}

// report reads the mount, writes the report and returns the exit code. It writes nothing before the
// whole report is made.
func report(ctx context.Context, vault *api.Client, wanted settings, now time.Time,
	out, complaints io.Writer) (int, error) {
	m, err := readMount(ctx, vault, wanted)
	if err != nil {
		return exitFailed, err
	}
	if m.RefreshRefused != "" {
		fmt.Fprintf(complaints, "paxos-report: -refresh was refused, so the report shows the last comparison: %s\n",
			m.RefreshRefused)
	}
	var text bytes.Buffer
	if wanted.json {
		err = m.writeJSON(&text)
	} else {
		err = m.writePage(&text, now)
	}
	if err == nil {
		err = deliver(text.Bytes(), wanted.output, out)
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
