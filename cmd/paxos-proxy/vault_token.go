package main

import (
	"fmt"
	"os"
	"strings"
)

// authenticate takes the Vault token from its file, if there is one, and reports whether it is another
// one than before. The file is read each time, because its time of change need not tell that it has
// changed.
func (e *engine) authenticate() (changed bool, err error) {
	if e.tokenFile == "" {
		return false, nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	text, err := os.ReadFile(e.tokenFile)
	token := strings.TrimSpace(string(text))
	switch {
	case err != nil:
		return false, fmt.Errorf("-token-file: %w", err)
	case token == "":
		return false, fmt.Errorf("-token-file: %s is empty", e.tokenFile)
	case strings.ContainsAny(token, "{ \n"): // JSON is a wrapped token
		return false, fmt.Errorf("-token-file: %s is not a plain token: use a sink without wrap_ttl and encryption",
			e.tokenFile)
	}
	if token == e.vault.Token() {
		return false, nil
	}
	e.vault.SetToken(token)
	e.log.Info("the Vault token was read from its file")
	return true, nil
}
