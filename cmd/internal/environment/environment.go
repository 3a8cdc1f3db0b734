// Package environment lets a program read the environment as Vault's and OpenBao's own commands do.
package environment

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/vault/api/cliconfig"
)

// The beginnings of the names of variables, and the variables that Vault's API package does not read.
const (
	openBao = "BAO_"
	vault   = "VAULT_"

	configPath = vault + "CONFIG_PATH" // of the file that names a token helper
	tokenPath  = vault + "TOKEN_PATH"  // of the file with the token
)

// PreferOpenBao makes each BAO_ variable count as the VAULT_ variable of the same name, which is the only
// one that Vault's API package reads. A BAO_ variable wins, also if it is empty, as in OpenBao's API
// package. Call it before you make a client.
func PreferOpenBao() error {
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		if noun, ok := strings.CutPrefix(name, openBao); ok {
			if err := os.Setenv(vault+noun, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// StoredToken returns the token that `vault login` or `bao login` stored: that of the file that
// VAULT_TOKEN_PATH names, of the token helper that ~/.bao or ~/.vault configures, or of ~/.vault-token. It
// is empty if there is none. Call it after PreferOpenBao.
func StoredToken() (string, error) {
	if path := os.Getenv(tokenPath); path != "" {
		text, err := os.ReadFile(path) //nolint:gosec // the person who runs the program names the file
		return strings.TrimSpace(string(text)), err
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", nil //nolint:nilerr // no home directory, so no stored token
	}
	if os.Getenv(configPath) == "" {
		path := filepath.Join(home, ".bao")
		if !exists(path) {
			path = filepath.Join(home, ".vault")
		}
		if err := os.Setenv(configPath, path); err != nil {
			return "", err
		}
	}
	stored, err := cliconfig.DefaultTokenHelper()
	if err != nil {
		return "", err
	}
	token, err := stored.Get()
	return strings.TrimSpace(token), err
}

// exists reports whether there is a file at a path.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
