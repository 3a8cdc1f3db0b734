// Command paxos-proxy lets an application in any language use Paxos through a local socket: it adds an
// access token and a signature of Vault to each request, and sends it to Paxos. Everybody who can reach
// it has what its Vault token, its role and its signer allow.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// version is set by the linker when a release is built.
var version = "dev"

// The exit codes. The flag package uses 2 for wrong flags too.
const (
	exitFine   = 0
	exitFailed = 1
	exitUsage  = 2
)

// The times that an application can have for a request, and how long requests may go on once the
// program is to end.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	writeTimeout  = 3 * time.Minute // more than Vault and Paxos have together
	idleTimeout   = 2 * time.Minute
	graceTimeout  = 30 * time.Second
	maximumHeader = 32 << 10 // bytes
)

// main runs the proxy until SIGINT or SIGTERM.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
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
	log := slog.New(slog.NewTextHandler(complaints, nil))
	vault, err := newEngine(wanted, log)
	if err != nil {
		fmt.Fprintf(complaints, "paxos-proxy: %v\n", err)
		return exitFailed
	}
	listener, err := listen(ctx, wanted.listen)
	if err != nil {
		fmt.Fprintf(complaints, "paxos-proxy: -listen: %v\n", err)
		return exitFailed
	}
	fmt.Fprintf(out, "listening on %s\n", listener.name)
	if err := serve(ctx, listener, newProxy(vault, wanted, listener.hosts, log), log); err != nil {
		fmt.Fprintf(complaints, "paxos-proxy: %v\n", err)
		return exitFailed
	}
	return exitFine
}

// serve answers requests until ctx ends. Those that have begun then have graceTimeout to end.
func serve(ctx context.Context, on listening, handler http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maximumHeader,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelError),
		// A request outlives ctx: it is not broken off when the program is told to end.
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(on) }()
	select {
	case err := <-failed:
		return errors.Join(err, on.Close())
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceTimeout)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return errors.Join(fmt.Errorf("requests were broken off: %w", err), server.Close())
	}
	return nil
}
