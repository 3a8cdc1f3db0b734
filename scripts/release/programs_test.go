package main

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"path/filepath"
	"strings"
	"testing"
)

// linux are the platforms with Linux.
var linux = platforms[:2]

// TestProgramsSayVersionAndCommit runs the programs for this machine.
func TestProgramsSayVersionAndCommit(t *testing.T) {
	t.Parallel()
	for _, program := range programs {
		said := must(t, built, filepath.Join(platformFolder(here()), program), "-version")
		if want := program + " " + testedVersion + " (commit " + commit + ")\n"; said != want {
			t.Errorf("%s -version: got %q, want %q", program, said, want)
		}
	}
}

// TestProgramsAreStaticAndStripped reads the headers of the programs for Linux.
func TestProgramsAreStaticAndStripped(t *testing.T) {
	t.Parallel()
	for _, p := range linux {
		for _, program := range programs {
			file, err := elf.Open(filepath.Join(platformFolder(p), program))
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			if libraries, err := file.ImportedLibraries(); err != nil || len(libraries) > 0 {
				t.Errorf("%s for %s needs libraries: %v, %v", program, p, libraries, err)
			}
			for _, segment := range file.Progs {
				if segment.Type == elf.PT_INTERP {
					t.Errorf("%s for %s needs a dynamic linker", program, p)
				}
			}
			for _, section := range []string{".symtab", ".debug_info", ".zdebug_info"} {
				if file.Section(section) != nil {
					t.Errorf("%s for %s has the section %s", program, p, section)
				}
			}
		}
	}
}

// TestProgramsTellNothingOfTheMachine looks for the paths of this machine, and for how the programs were built.
func TestProgramsTellNothingOfTheMachine(t *testing.T) {
	t.Parallel()
	modules := strings.TrimSpace(must(t, ".", "go", "env", "GOMODCACHE"))
	for _, p := range linux {
		for _, program := range programs {
			path := filepath.Join(platformFolder(p), program)
			text := read(t, path)
			for _, foreign := range []string{checkout, modules} {
				if bytes.Contains(text, []byte(foreign)) {
					t.Errorf("%s for %s has the path %s in it", program, p, foreign)
				}
			}
			info, err := buildinfo.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			settings := map[string]string{}
			for _, setting := range info.Settings {
				settings[setting.Key] = setting.Value
			}
			if settings["GOOS"] != p.system || settings["GOARCH"] != p.architecture || settings["CGO_ENABLED"] != "0" ||
				settings["-trimpath"] != "true" {
				t.Errorf("%s for %s was built with %v", program, p, settings)
			}
		}
	}
}
