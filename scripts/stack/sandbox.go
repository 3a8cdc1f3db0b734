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

// A Sandbox is a running paxos-sandbox, with what it announced.
type Sandbox struct {
	*Process     `json:"-"`
	URL          string `json:"url"`
	TokenURL     string `json:"token_url"`
	RevokeURL    string `json:"revoke_url"`
	APIURL       string `json:"api_url"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

// StartSandbox builds the stand-in Paxos in the directory and starts it on a free
// port of this machine.
func StartSandbox(ctx context.Context, directory string) (*Sandbox, error) {
	binary, err := Build(ctx, directory, SandboxName)
	if err != nil {
		return nil, err
	}
	return LaunchSandbox(ctx, binary, directory)
}

// LaunchSandbox starts the stand-in Paxos of that binary on a free port of this
// machine. The directory takes what it announces.
func LaunchSandbox(ctx context.Context, binary, directory string) (*Sandbox, error) {
	announcement := filepath.Join(directory, SandboxName+".json")
	out, err := create(announcement)
	if err != nil {
		return nil, err
	}
	defer out.Close() // the process has a copy of its own
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

// read waits for the announcement, one line of JSON.
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
