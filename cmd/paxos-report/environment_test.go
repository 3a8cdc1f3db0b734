package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheEnvironmentOfOpenBao runs the program with an address and a token in BAO_ variables, and with
// others in VAULT_ variables. The tests of this file are not parallel, because they set the environment.
func TestTheEnvironmentOfOpenBao(t *testing.T) {
	h := newHarness(t)
	unsetVault(t)
	t.Setenv("VAULT_ADDR", "http://127.0.0.1:1") // nothing listens there
	t.Setenv("BAO_ADDR", h.vault.Address())
	t.Setenv("VAULT_TOKEN", "wrong")
	t.Setenv("BAO_TOKEN", "right")
	t.Setenv("BAO_NAMESPACE", "team-a")
	h.expectAsked(t, "right", "team-a")
}

// TestTheStoredToken runs the program with the token that a login has stored.
func TestTheStoredToken(t *testing.T) {
	h := newHarness(t)
	unsetVault(t)
	t.Setenv("VAULT_ADDR", h.vault.Address())
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("stored\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("BAO_TOKEN_PATH", path)
	h.expectAsked(t, "stored", "")
	t.Setenv("VAULT_TOKEN", "of-environment")
	h.expectAsked(t, "of-environment", "")
}

func TestWithoutATokenItSaysSo(t *testing.T) {
	unsetVault(t)
	var out, complaints strings.Builder
	if code := run(t.Context(), nil, &out, &complaints); code != exitFailed || out.Len() > 0 ||
		!strings.Contains(complaints.String(), "no Vault token: log in with `vault login`") {
		t.Errorf("%d %q", code, complaints.String())
	}
	t.Setenv("VAULT_TOKEN_PATH", filepath.Join(t.TempDir(), "missing"))
	complaints.Reset()
	if code := run(t.Context(), nil, &out, &complaints); code != exitFailed ||
		!strings.Contains(complaints.String(), "reading the stored Vault token: open") {
		t.Errorf("%d %q", code, complaints.String())
	}
}

// TestThePasswordOfAnAddressIsNotShown runs the program with an address that has a name and a password, as a
// proxy before Vault may need. Neither the report nor an error shows them.
func TestThePasswordOfAnAddressIsNotShown(t *testing.T) {
	h := newHarness(t)
	unsetVault(t)
	t.Setenv("VAULT_TOKEN", "right")
	t.Setenv("VAULT_ADDR", strings.Replace(h.vault.Address(), "://", "://proxy-user:proxy-password@", 1))
	for denied, want := range map[string]int{"status": exitFine, "report": exitFailed} {
		h.denied = []string{denied}
		for _, argument := range []string{"-json", "-json=false"} {
			var out, complaints strings.Builder
			code := run(t.Context(), []string{argument}, &out, &complaints)
			shown := out.String() + complaints.String()
			if code != want || strings.Contains(shown, "proxy-user") || strings.Contains(shown, "proxy-password") ||
				!strings.Contains(shown, h.vault.Address()) {
				t.Errorf("without %s it ends with %d, and shows the login, or not the address:\n%s", denied, code, shown)
			}
		}
	}
}

// unsetVault unsets everything that names a server or a token.
func unsetVault(t *testing.T) {
	t.Helper()
	t.Setenv("HOME", "")
	for _, noun := range []string{"ADDR", "TOKEN", "NAMESPACE", "TOKEN_PATH", "CONFIG_PATH"} {
		for _, prefix := range []string{"VAULT_", "BAO_"} {
			t.Setenv(prefix+noun, "")
			// t.Setenv sets it again at the end of the test.
			if err := os.Unsetenv(prefix + noun); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// expectAsked runs the program, and checks with which token and namespace it asked.
func (h *harness) expectAsked(t *testing.T, token, namespace string) {
	t.Helper()
	var out, complaints strings.Builder
	if code := run(t.Context(), []string{"-json"}, &out, &complaints); code != exitFine {
		t.Fatalf("code %d: %s", code, complaints.String())
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.token != token || h.namespace != namespace || !strings.Contains(out.String(), `"namespace": "`+namespace+`"`) {
		t.Errorf("asked with token %q and namespace %q, want %q and %q", h.token, h.namespace, token, namespace)
	}
}
