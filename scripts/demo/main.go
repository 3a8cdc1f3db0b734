// Command demo shows the secrets engine step by step, with a real Vault and the commands that a person
// types. It uses the stand-in Paxos, or Paxos itself if PAXOS_CLIENT_ID, PAXOS_CLIENT_SECRET and
// PAXOS_ENVIRONMENT are set. It checks every step, and fails if a result is not as it says. At the end it
// prints what it measured, and stops everything that it started.
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
)

// main runs the demo until its end, or until a person stops it, closes the terminal or ends the program that
// reads the output.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP,
		syscall.SIGPIPE)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "\ndemo:", err)
		os.Exit(1)
	}
}

// run tells the story, or keeps everything running. It removes everything in the end, also after a failure.
func run(ctx context.Context, arguments []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	keep := flags.Bool("keep", false, "enable the engine and keep everything running until interrupted, "+
		"instead of running the steps")
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
	if err := checkTools(); err != nil {
		return err
	}
	started := time.Now()
	remove, err := useOwnDirectory()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	fmt.Fprintln(out, "Building the programs and starting a Vault server ...")
	s, err := openStage(ctx, vault, paxos)
	if err != nil && ctx.Err() != nil {
		return errInterrupted
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(out)) }()
	told, err := newStory(s, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, told.close()) }()
	if *keep {
		return develop(ctx, s, told, out)
	}
	fmt.Fprint(out, introduction)
	if err := told.tell(ctx); err != nil {
		return explain(ctx, err)
	}
	told.summarize(time.Since(started))
	return nil
}

// introduction is what the demo says first.
const introduction = `
The lines after $ are commands. Each runs exactly as you see it, in one shell.
To paste them into a terminal of your own, run ` + "`make dev`" + ` instead.
`

// useOwnDirectory makes a directory for temporary files of this program and of all that it starts. The plugin
// leaves its socket there when it is killed.
func useOwnDirectory() (remove func() error, err error) {
	directory, err := os.MkdirTemp("", "paxos-demo-")
	if err != nil {
		return nil, fmt.Errorf("making a directory: %w", err)
	}
	return func() error { return os.RemoveAll(directory) }, os.Setenv("TMPDIR", directory)
}

// errInterrupted is the error of a demo that a person has stopped.
var errInterrupted = errors.New("interrupted")

// explain says what a person can do after a step failed.
func explain(ctx context.Context, failed error) error {
	if ctx.Err() != nil {
		return errInterrupted
	}
	return fmt.Errorf("%w\n\nTo look at it yourself: run `make dev`, paste the commands that it prints into another "+
		"terminal,\nand then the commands above, from step 3 on", failed)
}
