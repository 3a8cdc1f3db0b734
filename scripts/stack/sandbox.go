package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// A Sandbox is a running paxos-sandbox, with what it announced in JSON.
type Sandbox struct {
	*Process     `json:"-"`
	URL          string `json:"url"`
	TokenURL     string `json:"token_url"`
	RevokeURL    string `json:"revoke_url"`
	APIURL       string `json:"api_url"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

// Connection returns the addresses of the stand-in, as config/connection takes them.
func (s *Sandbox) Connection() map[string]any {
	return map[string]any{"token_url": s.TokenURL, "revoke_url": s.RevokeURL, "api_url": s.APIURL}
}

// StartSandbox builds the stand-in Paxos in the directory and starts it on a free port.
func StartSandbox(ctx context.Context, directory string) (*Sandbox, error) {
	binary, err := Build(ctx, directory, SandboxName)
	if err != nil {
		return nil, err
	}
	return LaunchSandbox(ctx, binary, directory)
}

// LaunchSandbox starts the binary of the stand-in Paxos on a free port. Its announcement is written to
// a file in the directory.
func LaunchSandbox(ctx context.Context, binary, directory string) (*Sandbox, error) {
	announcement := filepath.Join(directory, SandboxName+".json")
	out, err := create(announcement)
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Close() }() // the process has its own copy of the file descriptor
	command := exec.Command(binary, "-address=127.0.0.1:0", "-json")
	command.Dir, command.Env, command.Stdout, command.Stderr = directory, environment(), out, os.Stderr
	process, err := launch(command)
	if err != nil {
		return nil, err
	}
	sandbox := &Sandbox{Process: process}
	if err := sandbox.read(ctx, announcement); err != nil {
		process.Kill()
		return nil, err
	}
	return sandbox, nil
}

// read waits for the announcement, which is one line of JSON, and decodes it.
func (s *Sandbox) read(ctx context.Context, announcement string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return Await(ctx, briefly, func() error {
		line, err := os.ReadFile(announcement)
		if err != nil {
			return err
		}
		if !bytes.HasSuffix(line, []byte("\n")) {
			return fmt.Errorf("%s has not said where it listens", SandboxName)
		}
		return json.Unmarshal(line, s)
	})
}
