// Command docs runs the pages of the documentation. Each page is one scenario: its shell blocks run from
// top to bottom in one shell, against a Vault server of its own, and its console blocks must be what the
// commands print. CONTRIBUTING.md has the rules.
//
// Usage, in the root of the repository:
//
//	go run ./scripts/docs [-update] [-limit DURATION] [PAGE…]
//
// Without pages it runs all of them. With -update it writes what the commands print into the console
// blocks that are different.
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

// main runs the pages until the last one, or until SIGINT or SIGTERM.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
}

// run is the program.
func run(ctx context.Context, arguments []string, out io.Writer) error {
	flags := flag.NewFlagSet("docs", flag.ContinueOnError)
	update := flags.Bool("update", false, "write what the commands print into the console blocks")
	limit := flags.Duration("limit", 2*time.Minute, "how long one block may take")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	paths := flags.Args()
	if len(paths) == 0 {
		var err error
		if paths, err = allPages(); err != nil {
			return err
		}
	}
	pages, err := readPages(paths)
	if err != nil {
		return err
	}
	tools, err := install(ctx)
	if err != nil {
		return err
	}
	defer tools.remove()
	return tools.runAll(ctx, pages, settings{update: *update, limit: *limit}, out)
}
