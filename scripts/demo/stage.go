package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// A stage is what the demo plays on: a Vault server and a Paxos. Its directory has the programs and files
// that the commands use.
type stage struct {
	*stack.Stack
	paxos *upstream
}

// openStage starts Vault and the stand-in, and writes the files.
func openStage(ctx context.Context, vault string, paxos *upstream) (*stage, error) {
	server, err := stack.Start(ctx, stack.Options{Vault: vault, LogLevel: "info"})
	if err != nil {
		return nil, err
	}
	s := &stage{server, paxos}
	if err := s.furnish(ctx); err != nil {
		return nil, errors.Join(err, s.close(io.Discard))
	}
	return s, nil
}

// furnish starts the stand-in, and puts everything into the directory that commands use.
func (s *stage) furnish(ctx context.Context) error {
	if err := s.paxos.start(ctx, s.Directory); err != nil {
		return err
	}
	if err := s.InstallTools(ctx, stack.ProxyName, stack.ReportName); err != nil {
		return err
	}
	if err := s.write("vault.pid", strconv.Itoa(s.PID())); err != nil {
		return err
	}
	client := map[string]any{"environment": s.paxos.environment, "client_id": s.paxos.clientID,
		"client_secret": s.paxos.clientSecret}
	if err := s.writeJSON("client.json", client); err != nil || s.paxos.sandbox == nil {
		return err
	}
	return s.writeJSON("connection.json", s.paxos.sandbox.Connection())
}

// writeJSON writes an object to a file in the directory.
func (s *stage) writeJSON(name string, object map[string]any) error {
	text, err := json.Marshal(object)
	if err != nil {
		return err
	}
	return s.write(name, string(text))
}

// write writes a line to a file in the directory that only this user can read.
func (s *stage) write(name, line string) error {
	return os.WriteFile(filepath.Join(s.Directory, name), []byte(line+"\n"), 0o600)
}

// exports returns the lines that make all commands of the demo work in any terminal.
func (s *stage) exports() []string {
	return []string{
		"cd '" + strings.ReplaceAll(s.Directory, "'", `'\''`) + "'",
		`export PATH="$PWD/bin:$PATH"`,
		"export VAULT_ADDR=" + s.Address + ` VAULT_TOKEN="$(cat root-token)"`,
		"export PAXOS=" + s.paxos.url(),
		"umask 077",
	}
}

// close stops everything. Tokens of the real Paxos are revoked first, by disabling the mount, which does no
// harm if that was done already.
func (s *stage) close(out io.Writer) error {
	if s.paxos.sandbox == nil {
		s.disableMount(out)
	}
	err := s.Close()
	s.paxos.close()
	return err
}

// disableMount disables the mount, which revokes its tokens.
func (s *stage) disableMount(out io.Writer) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	client, err := s.Client(s.RootToken)
	if err == nil {
		err = client.Sys().UnmountWithContext(ctx, "paxos")
	}
	if err != nil {
		fmt.Fprintln(out, "The mount could not be disabled. Tokens of its roles are valid for up to an hour:", err)
	}
}
