package stack

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/vault/api"
)

// LogPath returns the path of the log of the server and its plugins.
func (v *Vault) LogPath() string { return filepath.Join(v.directory, "vault.log") }

// AuditPath returns the path of the audit log that EnableAudit starts.
func (v *Vault) AuditPath() string { return filepath.Join(v.directory, "audit.log") }

// LogText returns what the server and its plugins have logged.
func (v *Vault) LogText() string { return contents(v.LogPath()) }

// AuditText returns what the audit device has written.
func (v *Vault) AuditText() string { return contents(v.AuditPath()) }

// EnableAudit makes Vault write every request and every answer to AuditPath.
func (v *Vault) EnableAudit(ctx context.Context) error {
	client, err := v.Client(v.RootToken)
	if err != nil {
		return err
	}
	err = client.Sys().EnableAuditWithOptionsWithContext(ctx, "file", &api.EnableAuditOptions{
		Type: "file", Options: map[string]string{"file_path": v.AuditPath()},
	})
	if err != nil {
		return fmt.Errorf("enabling the audit device: %w", err)
	}
	return nil
}

// contents returns the text of a log; empty if the file does not exist.
func contents(path string) string {
	text, _ := os.ReadFile(path)
	return string(text)
}

// tail returns the end of a text, at most length bytes.
func tail(text string, length int) string { return text[max(0, len(text)-length):] }
