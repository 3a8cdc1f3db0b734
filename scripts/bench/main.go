// Command bench compares how fast a real Vault reads tokens from the engine with how
// fast it reads from a baseline: a plugin that does nothing, which is in the folder nothing,
// or another build of the engine. Both take short turns, so that other work of the machine
// affects both in the same way, and only their ratio counts. With -proxy it measures what
// paxos-proxy adds to a request, in the same way.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// main runs until everything is measured, or until SIGINT or SIGTERM.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run sets both plugins up on one Vault, measures and prints.
func run(ctx context.Context, arguments []string, out io.Writer) (err error) {
	o, err := parse(arguments)
	if err != nil {
		return err
	}
	vault := os.Getenv("VAULT_BIN")
	if vault == "" {
		return errors.New("VAULT_BIN is not set: it names the vault binary to run; `make bench` sets it by " +
			"scripts/vault/build.sh")
	}
	if o.proxy {
		return measureProxy(ctx, vault, o, out)
	}
	fmt.Fprintln(out, "Building the plugins and starting a Vault server ...")
	t, err := newTestbed(ctx, vault, o.baseline)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	fmt.Fprintf(out, "%d clients, %d rounds of four turns of %s; no audit device, log level warn, storage "+
		"in memory\n\n", o.clients, o.rounds, o.turn)
	printHead(out)
	for _, p := range t.pairs() {
		measured, err := p.measure(ctx, o)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		measured.print(out, p.name)
	}
	return nil
}
