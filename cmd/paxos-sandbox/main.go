// Command paxos-sandbox runs a stand-in for Paxos on this machine, to try out the secrets engine
// without an account and to test programs. It is not Paxos and moves no money.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// main runs the server until SIGINT or SIGTERM.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program. It serves until ctx ends, and returns the exit code, which is 2 for wrong flags.
func run(ctx context.Context, arguments []string, out, complaints io.Writer) int {
	wanted, code, ok := parseFlags(arguments, out, complaints)
	if !ok {
		return code
	}
	running, err := start(wanted)
	if err != nil {
		fmt.Fprintf(complaints, "paxos-sandbox: %v\n", err)
		return 1
	}
	defer running.Close()
	if err := running.announce(out, wanted.json); err != nil {
		fmt.Fprintf(complaints, "paxos-sandbox: announcing: %v\n", err)
		return 1
	}
	<-ctx.Done()
	return 0
}
