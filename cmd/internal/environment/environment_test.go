package environment

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// home is the home directory of all tests, because the library that reads the token remembers it.
var home string

// TestMain makes the home directory.
func TestMain(m *testing.M) {
	var err error
	if home, err = os.MkdirTemp("", "home-"); err != nil {
		panic(err)
	}
	code := m.Run()
	if err := os.RemoveAll(home); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// TestOpenBaoComesFirst reads variables that only one of the two has, and that both have. The tests of this
// file are not parallel, because they set the environment.
func TestOpenBaoComesFirst(t *testing.T) {
	for name, value := range map[string]string{
		"VAULT_ADDR": "https://vault", "BAO_ADDR": "https://bao",
		"VAULT_NAMESPACE": "team", "BAO_NAMESPACE": "",
		"VAULT_CACERT": "vault.pem", "BAO_SKIP_VERIFY": "true", "VAULT_SKIP_VERIFY": "",
	} {
		t.Setenv(name, value)
	}
	if err := PreferOpenBao(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"VAULT_ADDR": "https://bao", "VAULT_NAMESPACE": "", "VAULT_CACERT": "vault.pem", "VAULT_SKIP_VERIFY": "true",
	} {
		if got := os.Getenv(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// TestWhereATokenIsStored has a home directory with all files that may have or name a token.
func TestWhereATokenIsStored(t *testing.T) {
	emptyHome(t)
	expect := func(what, want string) {
		t.Helper()
		if got, err := StoredToken(); err != nil || got != want {
			t.Errorf("with %s the token is %q (%v), want %q", what, got, err, want)
		}
		t.Setenv("VAULT_CONFIG_PATH", "") // StoredToken has set it
	}
	expect("nothing", "")
	write(t, ".vault-token", "of-login\n", 0o600)
	expect(".vault-token", "of-login")

	write(t, "helper", "#!/bin/sh\necho \"$1-by-helper\"\n", 0o700)
	write(t, ".vault", `token_helper = "`+home+`/helper"`, 0o600)
	expect("a token helper", "get-by-helper")

	write(t, "openbao-helper", "#!/bin/sh\necho by-openbao\n", 0o700)
	write(t, ".bao", `token_helper = "`+home+`/openbao-helper"`, 0o600)
	expect("a token helper of OpenBao", "by-openbao")

	write(t, "elsewhere", "of-file\n", 0o600)
	t.Setenv("VAULT_TOKEN_PATH", filepath.Join(home, "elsewhere"))
	expect("VAULT_TOKEN_PATH", "of-file")
}

// TestUnusableTokenFiles has files that name a token and cannot be used.
func TestUnusableTokenFiles(t *testing.T) {
	emptyHome(t)
	expect := func(what, want string) {
		t.Helper()
		if got, err := StoredToken(); err == nil || got != "" || !strings.Contains(err.Error(), want) {
			t.Errorf("with %s the token is %q and the error %v, want %q", what, got, err, want)
		}
		t.Setenv("VAULT_CONFIG_PATH", "")
	}
	write(t, "helper", "#!/bin/sh\necho 'the keyring is locked' >&2\nexit 1\n", 0o700)
	write(t, ".vault", `token_helper = "`+home+`/helper"`, 0o600)
	expect("a token helper that fails", "the keyring is locked")
	write(t, ".vault", "$ANSIBLE_VAULT;1.1;AES256", 0o600)
	expect("a file of Ansible Vault", "Ansible Vault is known to conflict")
	t.Setenv("VAULT_TOKEN_PATH", filepath.Join(home, "missing"))
	expect("a missing file", "no such file")
}

// TestWithoutAHome has no place where a token could be stored.
func TestWithoutAHome(t *testing.T) {
	emptyHome(t)
	t.Setenv("HOME", "")
	if got, err := StoredToken(); err != nil || got != "" {
		t.Errorf("the token is %q (%v)", got, err)
	}
}

// emptyHome empties the home directory, and unsets the variables that name a token.
func emptyHome(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(home)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if err := os.Remove(filepath.Join(home, entry.Name())); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("HOME", home)
	t.Setenv("SHELL", "")
	t.Setenv("VAULT_CONFIG_PATH", "")
	t.Setenv("VAULT_TOKEN_PATH", "")
}

// write writes a file of the home directory.
func write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(home, name), []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}
