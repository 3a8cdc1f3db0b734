// Command demo shows the secrets engine step by step, with a real Vault and the real vault command
// line. It uses the stand-in Paxos, or Paxos itself if PAXOS_CLIENT_ID, PAXOS_CLIENT_SECRET and
// PAXOS_ENVIRONMENT are set. It checks every step and fails if a result is not as it says. At the end
// it stops everything that it started.
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
	"time"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// main runs the demo until its end, or until SIGINT or SIGTERM.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// run sets everything up, and tells the story or keeps everything running. It removes everything in the
// end, also after a failure.
func run(ctx context.Context, arguments []string, out io.Writer) (err error) {
	started := time.Now()
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	keep := flags.Bool("keep", false,
		"set everything up and keep it running until interrupted, instead of running the steps")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	vault := os.Getenv("VAULT_BIN")
	if vault == "" {
		return errors.New("VAULT_BIN is not set: run `make demo`, or set it to the path of a vault binary")
	}
	paxos, err := newUpstream()
	if err != nil {
		return err
	}
	if err := paxos.checkTools(); err != nil {
		return err
	}
	fmt.Fprintln(out, "Building the plugin and starting a Vault server ...")
	server, err := stack.Start(ctx, stack.Options{Vault: vault, LogLevel: "info"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	if err := paxos.start(ctx, server.Directory); err != nil {
		return err
	}
	defer paxos.close()
	s := newStory(server, paxos, out)
	defer s.endTokens()
	defer s.endProxy()
	if *keep {
		return s.keep(ctx)
	}
	if err := s.tell(ctx); ctx.Err() != nil {
		return errors.New("interrupted")
	} else if err != nil {
		return fmt.Errorf("step %d failed: %w", s.step, err)
	}
	fmt.Fprintf(out, "\nAll %d steps passed in %s.\n", s.step, time.Since(started).Round(100*time.Millisecond))
	return nil
}
