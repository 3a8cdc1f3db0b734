package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/google/licensecheck"
)

// permitted are the SPDX identifiers of licences that allow a program with this project's licence to be passed on.
// CC-BY-SA-4.0 is that of documentation beside code which has another licence.
var permitted = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC-BY-SA-4.0", "ISC", "MIT", "MPL-2.0"}

var (
	// licenceFile matches the names of files that a licence may demand to be passed on.
	licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|unlicense|copying|copyright|notice|patents)([._-].*)?$`)
	// additionFile matches the names of those that say something beside the licence.
	additionFile = regexp.MustCompile(`(?i)^(notice|patents)`)
	// codeFile matches the names of files that have such a name and are something else.
	codeFile = regexp.MustCompile(`(?i)\.(go|json|ya?ml|tmpl|sh|py|html)$`)
)

// leastCoverage is the percentage of a licence's text that must be known text. Copyright lines and headings are
// not.
const leastCoverage = 75

// licences are the SPDX identifiers of the licences of each module.
type licences map[string][]string

// writeLicences copies the licences of all modules into the folder, and determines which ones they are.
func writeLicences(linked linkage, folder string) (licences, error) {
	found := licences{}
	for name, module := range linked {
		files, err := module.licenceFiles()
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := os.ReadFile(filepath.Join(module.folder, file))
			if err != nil {
				return nil, err
			}
			target := filepath.Join(folder, filepath.FromSlash(name), file)
			if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
				return nil, err
			}
			if err := os.WriteFile(target, text, 0o644); err != nil {
				return nil, err
			}
			if !additionFile.MatchString(filepath.Base(file)) {
				found[name] = append(found[name], identify(text)...)
			}
		}
		slices.Sort(found[name])
		found[name] = slices.Compact(found[name])
		if err := permit(name, found[name]); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// permit returns an error if a module must not be linked, as far as this program knows.
func permit(name string, identifiers []string) error {
	if len(identifiers) == 0 {
		return fmt.Errorf("the module %s has no licence that is known: read its source, and decide if it may be linked", name)
	}
	for _, identifier := range identifiers {
		if !slices.Contains(permitted, identifier) {
			return fmt.Errorf("the module %s has the licence %s: decide if it may be linked, and then add it to the "+
				"permitted licences", name, identifier)
		}
	}
	return nil
}

// licenceFiles returns the licences of a module, as paths below its folder: those at its root, and those beside the
// packages that are linked and in the folders above them.
func (m *linkedModule) licenceFiles() ([]string, error) {
	folders := map[string]bool{".": true}
	for folder := range m.packages {
		relative, err := filepath.Rel(m.folder, folder)
		if err != nil {
			return nil, err
		}
		for ; relative != "."; relative = filepath.Dir(relative) {
			folders[relative] = true
		}
	}
	var files []string
	for folder := range folders {
		entries, err := os.ReadDir(filepath.Join(m.folder, folder))
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			name := entry.Name()
			if entry.Type().IsRegular() && licenceFile.MatchString(name) && !codeFile.MatchString(name) {
				files = append(files, filepath.Join(folder, name))
			}
		}
	}
	return files, nil
}

// identify returns the SPDX identifiers of the licences in a text.
func identify(text []byte) []string {
	coverage := licensecheck.Scan(text)
	if coverage.Percent < leastCoverage {
		return nil
	}
	var found []string
	for _, match := range coverage.Match {
		found = append(found, match.ID)
	}
	return found
}
