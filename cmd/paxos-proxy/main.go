// Command paxos-proxy lets an application in any language use Paxos through a local socket: it adds an
// access token and a signature of Vault to each request, and sends it to Paxos. Everybody who can reach
// it has what its Vault token, its role and its signer allow.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	golog "log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/hashicorp/vault/api"
)

// maximumHeader is how many bytes the head of a request may have.
const maximumHeader = 32 << 10

// main runs the proxy until SIGINT or SIGTERM.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal ends the program at once
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program. It serves until ctx ends, and returns the exit code. The first line that it
// writes to out says where it listens.
func run(ctx context.Context, arguments []string, out, complaints io.Writer) int {
	wanted, code, ok := parseFlags(arguments, out, complaints)
	if !ok {
		return code
	}
	golog.SetOutput(io.Discard) // net/http writes what Paxos sends without being asked to this log
	log := slog.New(slog.NewTextHandler(complaints, nil))
	vault, err := newVaultClient(log)
	if err == nil {
		err = start(ctx, vault, wanted, wanted.deadlines(), out, log)
	}
	if err != nil {
		fmt.Fprintf(complaints, "paxos-proxy: %v\n", err)
		return exitFailed
	}
	return exitFine
}

// start serves until ctx ends.
func start(ctx context.Context, vault *api.Client, wanted settings, within deadlines, out io.Writer,
	log *slog.Logger) error {
	mount, err := newEngine(vault, wanted, log)
	if err != nil {
		return err
	}
	paxos, err := newPaxosClient(wanted.caFile, wanted.timeout)
	if err != nil {
		return err
	}
	listener, err := listen(ctx, wanted.listen)
	if err != nil {
		return fmt.Errorf("-listen: %w", err)
	}
	fmt.Fprintf(out, "listening on %s\n", listener.name)
	return serve(ctx, listener, newProxy(mount, wanted, listener.hosts, log, paxos), within, log)
}

// serve answers requests until ctx ends. Those that have begun then have a time of grace to end.
func serve(ctx context.Context, on listening, handler http.Handler, within deadlines, log *slog.Logger) error {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: within.header, ReadTimeout: within.read, WriteTimeout: within.write,
		IdleTimeout: within.idle, MaxHeaderBytes: maximumHeader, DisableGeneralOptionsHandler: true,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelError),
		// A request does not end with ctx: it is completed when the program is told to stop.
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(on) }()
	select {
	case err := <-failed:
		return errors.Join(err, on.Close())
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), within.grace)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return errors.Join(fmt.Errorf("some requests were not completed: %w", err), server.Close())
	}
	return nil
}
