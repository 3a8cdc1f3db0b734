package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// roleName is the name of the role in the story.
const roleName = "mint-role"

// enableAudit makes Vault write every request to an audit log.
func (s *story) enableAudit(ctx context.Context) error {
	s.title("Vault logs every request and every response in an audit log")
	if err := s.openShell(ctx); err != nil {
		return err
	}
	if _, err := s.vault(ctx, "audit", "enable", "file", "file_path="+s.AuditPath()); err != nil {
		return err
	}
	s.proved("The last steps search it for secrets.")
	return nil
}

// register registers the plugin and enables it.
func (s *story) register(ctx context.Context) error {
	s.title("The plugin is registered with its checksum and enabled at paxos/")
	sum, err := stack.Checksum(s.Plugin)
	if err != nil {
		return err
	}
	said, err := exec.CommandContext(ctx, s.Plugin, "-version").Output()
	if err != nil {
		return fmt.Errorf("asking the plugin for its version: %w", err)
	}
	version := strings.TrimSpace(strings.TrimPrefix(string(said), stack.PluginName))
	if _, err := s.vault(ctx, "plugin", "register", "-sha256="+sum, "-version="+version,
		"-command="+filepath.Base(s.Plugin), "secret", stack.PluginName); err != nil {
		return err
	}
	if _, err := s.vault(ctx, "secrets", "enable", "-path=paxos", stack.PluginName); err != nil {
		return err
	}
	s.proved("The plugin, version %s, runs as a separate process.", version)
	return nil
}

// connect configures the URLs of the stand-in. For the real Paxos that is not needed.
func (s *story) connect(ctx context.Context) error {
	if s.paxos.sandbox == nil {
		return nil
	}
	s.title("The stand-in for Paxos runs on this machine")
	if _, err := s.vault(ctx, "write", "paxos/config/connection", "token_url="+s.paxos.sandbox.TokenURL,
		"revoke_url="+s.paxos.sandbox.RevokeURL, "api_url="+s.paxos.sandbox.APIURL); err != nil {
		return err
	}
	s.proved("This step is not needed with environment=sandbox or production: the plugin knows Paxos's URLs.")
	return nil
}

// configure gives the mount its root client.
func (s *story) configure(ctx context.Context) error {
	s.title("The company's Paxos credentials are stored in Vault")
	if _, err := s.vaultWith(ctx, s.paxos.clientSecret, " < secret.txt", "write", "paxos/config",
		"environment="+s.paxos.environment, "client_id="+s.paxos.clientID, "client_secret=-"); err != nil {
		return err
	}
	answer, err := s.vault(ctx, "read", "paxos/config")
	if err != nil {
		return err
	}
	if value(answer, "secret_verified") != "true" {
		return fmt.Errorf("the secret is not shown as verified")
	}
	if strings.Contains(answer, s.paxos.clientSecret) {
		return fmt.Errorf("reading the config shows the secret")
	}
	s.proved("The secret was verified with Paxos before it was stored. No read returns it.")
	return nil
}

// writeRole writes the role. Its tokens end with their last lease, so that the story need not wait for
// the end of an idle token.
func (s *story) writeRole(ctx context.Context) error {
	s.title("A role lists the scopes that an application gets")
	if _, err := s.vault(ctx, "write", "paxos/roles/"+roleName, "scopes="+s.paxos.scopes, "idle_ttl=0s"); err != nil {
		return err
	}
	s.proved("Its tokens have these scopes only, even if the client has more.")
	return nil
}
