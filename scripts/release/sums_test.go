package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestSumsCoverEverything checks the release as sha256sum does, and that no file is left out.
func TestSumsCoverEverything(t *testing.T) {
	t.Parallel()
	said := must(t, built, "sha256sum", "--check", "--strict", sumsName)
	err := filepath.WalkDir(built, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == sumsName {
			return err
		}
		name, err := filepath.Rel(built, path)
		if !strings.Contains("\n"+said, "\n"+name+": OK\n") {
			t.Errorf("no checksum of %s", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestSumsOfADownload checks an archive, and then the programs that are unpacked from it, with the same file. Then
// one byte of the plugin is changed.
func TestSumsOfADownload(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	name := filepath.Base(platformFolder(linux[1]))
	must(t, folder, "cp", filepath.Join(built, sumsName), filepath.Join(built, name+".tar.gz"), ".")
	check := []string{"--check", "--strict", "--ignore-missing", sumsName}
	if said := must(t, folder, "sha256sum", check...); said != name+".tar.gz: OK\n" {
		t.Errorf("sha256sum says %q of the archive", said)
	}
	must(t, folder, "tar", "-xzf", name+".tar.gz")
	said := must(t, folder, "sha256sum", check...)
	for _, program := range programs {
		if !strings.Contains(said, name+"/"+program+": OK\n") {
			t.Errorf("sha256sum does not check %s: %s", program, said)
		}
	}

	plugin := filepath.Join(folder, name, pluginName)
	text := read(t, plugin)
	text[len(text)/2] ^= 1
	if err := os.WriteFile(plugin, text, 0o755); err != nil {
		t.Fatal(err)
	}
	fails(t, name+"/"+pluginName+": FAILED", folder, "sha256sum", check...)
}

// TestArchivesTellNothingOfTheMachine checks owner, rights and time of everything in the archives, and compares the
// files with those in the folder.
func TestArchivesTellNothingOfTheMachine(t *testing.T) {
	t.Parallel()
	committed, err := time.Parse(time.RFC3339, strings.TrimSpace(must(t, checkout, "git", "log", "-1", "--format=%cI")))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range linux {
		folder := platformFolder(p)
		compressed, err := gzip.NewReader(bytes.NewReader(read(t, folder+".tar.gz")))
		if err != nil {
			t.Fatal(err)
		}
		if compressed.Name != "" || !compressed.ModTime.IsZero() {
			t.Errorf("the archive for %s has the name %q and the time %s", p, compressed.Name, compressed.ModTime)
		}
		files := 0
		for packed := tar.NewReader(compressed); ; {
			header, err := packed.Next()
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if header.Uid != 0 || header.Gid != 0 || header.Uname != "" || header.Gname != "" ||
				!header.ModTime.Equal(committed) {
				t.Errorf("%s: %+v", header.Name, header)
			}
			want := int64(0o644)
			if header.Typeflag == tar.TypeDir || isProgram(header.Name) {
				want = 0o755
			}
			if header.Mode != want {
				t.Errorf("%s has the rights %o, want %o", header.Name, header.Mode, want)
			}
			if header.Typeflag == tar.TypeReg {
				files++
				text, err := io.ReadAll(packed)
				if err != nil || !bytes.Equal(text, read(t, filepath.Join(built, header.Name))) {
					t.Errorf("%s is another file than in the folder (%v)", header.Name, err)
				}
			}
		}
		want := strings.Count(must(t, folder, "find", ".", "-type", "f"), "\n")
		if files != want {
			t.Errorf("the archive for %s has %d files, the folder has %d", p, files, want)
		}
	}
}

// TestReadmeHasTheChecksum compares the text for the reader with what sha256sum prints.
func TestReadmeHasTheChecksum(t *testing.T) {
	t.Parallel()
	for _, p := range linux {
		sum, _, _ := strings.Cut(must(t, platformFolder(p), "sha256sum", pluginName), " ")
		text := string(read(t, filepath.Join(platformFolder(p), "README.md")))
		for _, want := range []string{"    -sha256=" + sum + " \\\n", `  sha256sum   = "` + sum + `"` + "\n",
			`  sha256sum = "` + sum + `"` + "\n", "for " + p.String(), commit} {
			if !strings.Contains(text, want) {
				t.Errorf("README.md for %s lacks %q:\n%s", p, want, text)
			}
		}
	}
}
