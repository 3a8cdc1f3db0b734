package stack

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/vault/api"
)

// LogPath is the file with all that the server and its plugins have logged.
func (v *Vault) LogPath() string { return filepath.Join(v.directory, "vault.log") }

// AuditPath is the file that an audit device of ours writes.
func (v *Vault) AuditPath() string { return filepath.Join(v.directory, "audit.log") }

// LogText is all that the server and its plugins have logged.
func (v *Vault) LogText() string { return text(v.LogPath()) }

// AuditText is all that the audit device has written.
func (v *Vault) AuditText() string { return text(v.AuditPath()) }

// EnableAudit has every request and every answer written to a file.
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

// text is what a log holds; one that was never written is empty.
func text(path string) string {
	content, _ := os.ReadFile(path)
	return string(content)
}

// tail is the end of a text.
func tail(text string, length int) string { return text[max(0, len(text)-length):] }
