package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// A listening is where the proxy listens.
type listening struct {
	net.Listener
	name string
	// hosts are the values of the Host header that are answered; nil on a Unix socket, which no web
	// page can reach.
	hosts []string
}

// listen listens on unix:/path or on host:port.
func listen(ctx context.Context, address string) (listening, error) {
	if path, unix := strings.CutPrefix(address, "unix:"); unix {
		listener, err := listenUnix(ctx, path)
		return listening{Listener: listener, name: "unix:" + path}, err
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return listening{}, fmt.Errorf("%q must be unix:/path or host:port, such as 127.0.0.1:8080", address)
	}
	if host == "localhost" {
		host = "127.0.0.1" // not as a resolver says
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return listening{}, fmt.Errorf("%q is not a loopback address; everyone who reaches the proxy could use its role and signer",
			host)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return listening{}, err
	}
	name := listener.Addr().String()
	_, port, _ = net.SplitHostPort(name) // the address of a listener has a port
	return listening{Listener: listener, name: name, hosts: []string{name, "localhost:" + port}}, nil
}

// A unixListener removes its socket when it is closed.
type unixListener struct {
	net.Listener
	path   string
	socket os.FileInfo
}

// Close stops listening and removes the socket, unless another proxy has put its own there.
func (l unixListener) Close() error {
	err := l.Listener.Close()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	if found, lost := os.Lstat(l.path); lost != nil || !os.SameFile(found, l.socket) {
		return err
	}
	return errors.Join(err, os.Remove(l.path))
}

// listenUnix listens on a socket that only the user of this process can connect to. It replaces a
// socket that nobody listens on any more. The socket is made in a private directory and moved, so
// that there is no moment at which another user can connect.
func listenUnix(ctx context.Context, path string) (net.Listener, error) {
	if path == "" {
		return nil, errors.New("unix: needs the path of a socket")
	}
	if err := mayReplace(ctx, path); err != nil {
		return nil, err
	}
	private, err := os.MkdirTemp(filepath.Dir(path), ".p")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(private) }() // it is empty by then
	made := filepath.Join(private, "s")
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", made)
	if err != nil {
		return nil, err
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false) // it would remove what is not there
	err = os.Chmod(made, 0o600)
	var socket os.FileInfo
	if err == nil {
		socket, err = os.Lstat(made)
	}
	if err == nil {
		err = os.Rename(made, path)
	}
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return unixListener{listener, path, socket}, nil
}

// mayReplace returns an error if there is something at the path that is not an abandoned socket.
func mayReplace(ctx context.Context, path string) error {
	found, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case found.Mode().Type() != os.ModeSocket:
		return fmt.Errorf("%s exists and is not a socket", path)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	connection, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err == nil {
		return errors.Join(fmt.Errorf("another process listens on %s", path), connection.Close())
	}
	if !errors.Is(err, syscall.ECONNREFUSED) { // the answer where nobody listens
		return err
	}
	return nil
}
