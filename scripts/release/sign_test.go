package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// signing makes a key without a password, and a copy of the release. It returns the paths of the secret key, the
// public key and the copy.
func signing(t *testing.T) (secret, public, copied string) {
	t.Helper()
	folder := t.TempDir()
	secret, public, copied = filepath.Join(folder, "key"), filepath.Join(folder, "key.pub"), filepath.Join(folder, "dist")
	must(t, folder, "minisign", "-G", "-W", "-s", secret, "-p", public)
	must(t, folder, "cp", "-r", built, copied)
	return secret, public, copied
}

// TestSignature signs a release and verifies it. Then one byte of the checksums is changed.
func TestSignature(t *testing.T) {
	t.Parallel()
	secret, public, copied := signing(t)
	sign := filepath.Join(checkout, "scripts", "release", "sign.sh")
	must(t, checkout, sign, secret, copied)
	verify := []string{"-V", "-p", public, "-m", sumsName}
	said := must(t, copied, "minisign", verify...)
	if want := "Trusted comment: SHA256SUMS of " + pluginName + "_" + testedVersion; !strings.Contains(said, want) {
		t.Errorf("minisign says %q, want %q", said, want)
	}

	path := filepath.Join(copied, sumsName)
	sums := read(t, path)
	sums[0] ^= 1
	if err := os.WriteFile(path, sums, 0o644); err != nil {
		t.Fatal(err)
	}
	fails(t, "Signature verification failed", copied, "minisign", verify...)
}

// TestMakeSigns signs the release that make builds.
func TestMakeSigns(t *testing.T) {
	t.Parallel()
	secret, public, copied := signing(t)
	clone := filepath.Join(filepath.Dir(copied), "clone")
	must(t, ".", "git", "clone", "--quiet", checkout, clone)
	must(t, clone, "make", "dist", "PLATFORMS="+here().String(), "SIGN_KEY="+secret)
	must(t, filepath.Join(clone, "dist"), "minisign", "-V", "-p", public, "-m", sumsName)
}

// TestSigningRefuses gives sign.sh keys and releases that it must not use.
func TestSigningRefuses(t *testing.T) {
	t.Parallel()
	secret, _, copied := signing(t)
	clone := filepath.Join(filepath.Dir(copied), "clone")
	must(t, ".", "git", "clone", "--quiet", checkout, clone)
	sign := filepath.Join(clone, "scripts", "release", "sign.sh")
	inside := filepath.Join(clone, "docs", "key")
	must(t, ".", "cp", "-p", secret, inside)
	linked := filepath.Join(filepath.Dir(copied), "link")
	if err := os.Symlink(inside, linked); err != nil {
		t.Fatal(err)
	}
	fails(t, "the key is in the repository", clone, sign, inside, copied)
	fails(t, "the key is in the repository", clone, sign, linked, copied)
	fails(t, "there is no key at", clone, sign, secret+"-missing", copied)
	fails(t, "is not the folder of a release", clone, sign, secret)

	open := secret + "-open"
	must(t, ".", "cp", secret, open)
	must(t, ".", "chmod", "644", open)
	fails(t, "other users can read the key", clone, sign, open, copied)

	added := filepath.Join(copied, "added")
	write(t, added, "")
	fails(t, "make dist did not build these files: added", clone, sign, secret, copied)
	if err := os.Remove(added); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(copied, filepath.Base(platformFolder(linux[0])), "LICENSE"), "")
	fails(t, "the release is not what make dist built", clone, sign, secret, copied)
	if _, err := os.Stat(filepath.Join(copied, sumsName+".minisig")); err == nil {
		t.Error("a release that was refused is signed")
	}
}
