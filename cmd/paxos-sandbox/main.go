// Command paxos-sandbox runs a stand-in for Paxos on this machine: for trying out the secrets
// engine without an account, and for people's own tests. It is not Paxos and moves no money.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// version is set when a release is built.
var version = "dev"

// main runs until SIGINT or SIGTERM.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program: it serves until ctx ends, and returns the exit code. Two is for wrong flags,
// as everywhere.
func run(ctx context.Context, arguments []string, out, complaints io.Writer) int {
	wanted, code, ok := parseFlags(arguments, out, complaints)
	if !ok {
		return code
	}
	sandbox, err := start(wanted)
	if err != nil {
		fmt.Fprintf(complaints, "paxos-sandbox: %v\n", err)
		return 1
	}
	defer sandbox.Close()
	if err := sandbox.announce(out, wanted.json); err != nil {
		fmt.Fprintf(complaints, "paxos-sandbox: announcing: %v\n", err)
		return 1
	}
	<-ctx.Done()
	return 0
}
