package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/CycloneDX/cyclonedx-go"
)

// modulesOf returns what `go version -m` names as linked into a program, as name@version, and the standard library.
func modulesOf(t *testing.T, program string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for line := range strings.Lines(must(t, ".", "go", "version", "-m", program)) {
		fields := strings.Fields(line)
		switch {
		case fields[0] == "dep":
			found[fields[1]+"@"+fields[2]] = true
		case strings.HasPrefix(line, program+": "):
			found["std@"+fields[1]] = true
		}
	}
	return found
}

// TestLicencesAreThoseOfWhatIsLinked compares the folder of licences with the programs.
func TestLicencesAreThoseOfWhatIsLinked(t *testing.T) {
	t.Parallel()
	for _, p := range linux {
		linked := map[string]bool{}
		for _, program := range programs {
			maps.Copy(linked, modulesOf(t, filepath.Join(platformFolder(p), program)))
		}
		if len(linked) < 100 || !linked["github.com/hashicorp/vault/sdk@"+sdkVersion(t)] {
			t.Fatalf("%s: `go version -m` was not understood: %v", p, linked)
		}
		folder := filepath.Join(platformFolder(p), "licenses")
		found := map[string]bool{}
		for name := range linked {
			if files, err := os.ReadDir(filepath.Join(folder, name)); err == nil && len(files) > 0 {
				found[name] = true
			}
		}
		if missing := difference(linked, found); len(missing) > 0 {
			t.Errorf("%s: these have no licence: %v", p, missing)
		}
		for path := range strings.Lines(must(t, folder, "find", ".", "-type", "f")) {
			path = strings.TrimPrefix(strings.TrimSpace(path), "./")
			if !slices.ContainsFunc(slices.Collect(maps.Keys(linked)), func(name string) bool {
				return strings.HasPrefix(path, name+"/")
			}) {
				t.Errorf("%s: %s is the licence of something that is not linked", p, path)
			}
		}
	}
}

// TestSBOMNamesWhatIsLinked compares the SBOM of each program with the program, and checks that it has what a reader
// needs and nothing that another build would change.
func TestSBOMNamesWhatIsLinked(t *testing.T) {
	t.Parallel()
	for _, p := range linux {
		for _, program := range programs {
			path := filepath.Join(platformFolder(p), program)
			var read cyclonedx.BOM
			decode(t, path+sbomEnding, &read)
			named := map[string]bool{}
			for _, component := range *read.Components {
				named[component.Name+"@"+component.Version] = component.Licenses != nil && len(*component.Licenses) > 0
			}
			linked := modulesOf(t, path)
			if !maps.Equal(named, linked) {
				t.Errorf("%s for %s: too much: %v; missing or without licence: %v", program, p,
					difference(named, linked), difference(linked, named))
			}
			sum, _, _ := strings.Cut(must(t, ".", "sha256sum", path), " ")
			component := read.Metadata.Component
			if (*component.Hashes)[0].Value != sum || component.Version != testedVersion || component.Name != program ||
				(*component.Pedigree.Commits)[0].UID != commit {
				t.Errorf("%s for %s is described as %+v", program, p, component)
			}
			if read.SerialNumber != "" || read.Metadata.Timestamp != "" {
				t.Errorf("the SBOM of %s has a serial number or a time", program)
			}
		}
	}
}

// TestSBOMHasTheRightLicences checks modules whose licences are easily mistaken for others.
func TestSBOMHasTheRightLicences(t *testing.T) {
	t.Parallel()
	var read cyclonedx.BOM
	decode(t, filepath.Join(platformFolder(linux[0]), pluginName)+sbomEnding, &read)
	found := map[string]string{}
	for _, component := range *read.Components {
		var identifiers []string
		for _, choice := range *component.Licenses {
			identifiers = append(identifiers, choice.License.ID)
		}
		found[component.Name] = strings.Join(identifiers, " ")
	}
	for name, want := range map[string]string{
		"std": "BSD-3-Clause", "golang.org/x/sys": "BSD-3-Clause", "github.com/davecgh/go-spew": "ISC",
		"github.com/hashicorp/vault/sdk": "MPL-2.0", "gopkg.in/yaml.v3": "Apache-2.0 MIT",
		"github.com/hashicorp/go-metrics": "MIT", "google.golang.org/grpc": "Apache-2.0",
	} {
		if found[name] != want {
			t.Errorf("%s: got %q, want %q", name, found[name], want)
		}
	}
}

// TestOtherLicencesAreRefused gives a module no licence, one that nobody knows, and one that was not permitted yet.
func TestOtherLicencesAreRefused(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"":                         "has no licence that is known",
		"You must not use this.\n": "has no licence that is known",
		"Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is " +
			"hereby granted.\n\nTHE SOFTWARE IS PROVIDED \"AS IS\" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD " +
			"TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE " +
			"AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER " +
			"RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER " +
			"TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.\n": "has the " +
			"licence 0BSD: decide if it may be linked",
	} {
		folder := t.TempDir()
		if text != "" {
			write(t, filepath.Join(folder, "LICENSE"), text)
		}
		_, err := writeLicences(linkage{"example.com/other@v1.0.0": {folder: folder}}, t.TempDir())
		if err == nil || !strings.Contains(err.Error(), "the module example.com/other@v1.0.0 "+says) {
			t.Errorf("got the error %v, want %q", err, says)
		}
	}
}

// sdkVersion returns the version of Vault's SDK in go.mod.
func sdkVersion(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(must(t, checkout, "go", "list", "-m", "-f", "{{.Version}}", "github.com/hashicorp/vault/sdk"))
}

// difference returns the names of a that b does not have.
func difference(a, b map[string]bool) (names []string) {
	for name := range a {
		if !b[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// decode reads a JSON file into the value.
func decode(t *testing.T, path string, value any) {
	t.Helper()
	if err := json.Unmarshal(read(t, path), value); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
