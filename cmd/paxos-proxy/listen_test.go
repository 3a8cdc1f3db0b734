package main

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// TestListensOnLoopbackOnly checks the addresses that are refused and those that are taken.
func TestListensOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "example.com:0", "127.0.0.1",
		"unix:", ""} {
		if on, err := listen(t.Context(), address); err == nil {
			t.Errorf("%q: listens on %s", address, on.name)
			_ = on.Close()
		}
	}
	on, err := listen(t.Context(), "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = on.Close() }()
	if !strings.HasPrefix(on.name, "127.0.0.1:") || !slices.Contains(on.hosts, on.name) || len(on.hosts) != 2 {
		t.Errorf("localhost: %q, hosts %q", on.name, on.hosts)
	}
}

// TestASocketIsTheOwnersOnly looks at a socket all the time while it is made, again and again.
func TestASocketIsTheOwnersOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	ended, seen := make(chan struct{}), make(chan os.FileMode, 1)
	go func() {
		defer close(seen)
		for {
			select {
			case <-ended:
				return
			default:
			}
			if found, err := os.Lstat(path); err == nil && found.Mode().Perm() != 0o600 {
				seen <- found.Mode()
				return
			}
		}
	}()
	for range 300 {
		on, err := listen(t.Context(), "unix:"+path)
		if err != nil {
			t.Fatal(err)
		}
		if err := on.Close(); err != nil {
			t.Fatal(err)
		}
	}
	close(ended)
	if mode, wrong := <-seen; wrong {
		t.Errorf("for a moment the socket was %v", mode)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 0 {
		t.Errorf("left behind are %v %v", left, err)
	}
}

// TestAnAbandonedSocketIsReplaced leaves a socket behind as a process that is killed does.
func TestAnAbandonedSocketIsReplaced(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	first, err := listen(t.Context(), "unix:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := listen(t.Context(), "unix:"+path); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a socket that is in use: %v", err)
	}
	_ = first.Listener.(unixListener).Listener.Close() // as when the process is killed
	second, err := listen(t.Context(), "unix:"+path)
	if err != nil {
		t.Fatalf("a socket that was abandoned: %v", err)
	}
	if found, err := os.Lstat(path); err != nil || found.Mode().Perm() != 0o600 || second.hosts != nil {
		t.Errorf("the socket is %v %v", found, err)
	}
	// The end of one proxy leaves the socket of another one alone.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	third, err := listen(t.Context(), "unix:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	connection, err := net.Dial("unix", path)
	if err != nil {
		t.Fatalf("the socket of the third is gone: %v", err)
	}
	_ = connection.Close()
	if err := third.Close(); err != nil {
		t.Error(err)
	}
}

// TestWhatIsNotASocketIsNotReplaced leaves files, folders and links as they are.
func TestWhatIsNotASocketIsNotReplaced(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	if err := os.WriteFile(at("file"), []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(at("folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	abandoned, err := listen(t.Context(), "unix:"+at("socket"))
	if err != nil {
		t.Fatal(err)
	}
	_ = abandoned.Listener.(unixListener).Listener.Close()
	for link, target := range map[string]string{"link": "file", "broken": "none", "socketlink": "socket"} {
		if err := os.Symlink(at(target), at(link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"file", "folder", "link", "broken", "socketlink"} {
		before, err := os.Lstat(at(name))
		if err != nil {
			t.Fatal(err)
		}
		if on, err := listen(t.Context(), "unix:"+at(name)); err == nil {
			t.Errorf("%s was replaced", name)
			_ = on.Close()
		} else if !strings.Contains(err.Error(), "is not a socket") {
			t.Errorf("%s: %v", name, err)
		}
		if after, err := os.Lstat(at(name)); err != nil || !os.SameFile(before, after) {
			t.Errorf("%s is now %v %v", name, after, err)
		}
	}
	if text, err := os.ReadFile(at("file")); err != nil || string(text) != "text" {
		t.Errorf("the file has %q %v", text, err)
	}
	if _, err := os.Lstat(at("none")); err == nil {
		t.Error("a link was followed")
	}
}

// TestAProxyOnASocket pays, and does not want a Host.
func TestAProxyOnASocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	p := newRoad(t, paxostest.Options{}).start(func(wanted *settings, _ *deadlines) { wanted.listen = "unix:" + path })
	p.expect("a payment", p.pay("r-1", "1"), 200, "")
	if got := p.raw("GET "+profiles+" HTTP/1.0\r\n\r\n", 1); len(got) != 1 || got[0].status != 200 {
		t.Errorf("without a host: %v", got)
	}
	if got := p.raw("GET http://paxos/v2/profiles HTTP/1.1\r\nHost: paxos\r\n\r\n", 1); len(got) != 1 ||
		got[0].status != 400 {
		t.Errorf("a target with a host: %v", got)
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("the socket is there after the end")
	}
}
