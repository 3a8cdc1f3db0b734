package main

import (
	_ "embed"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"text/template"
)

//go:embed readme.tmpl
var readmeText string

var readme = template.Must(template.New("README.md").Option("missingkey=error").Parse(readmeText))

// isProgram reports whether the file with this path is a program.
func isProgram(path string) bool { return slices.Contains(programs, filepath.Base(path)) }

// writeTexts writes README.md with the commands for this platform, and copies LICENSE and CHANGELOG.md.
func (r *release) writeTexts(p platform, folder string) (err error) {
	sum, err := checksum(filepath.Join(folder, pluginName))
	if err != nil {
		return err
	}
	for _, name := range []string{"LICENSE", "CHANGELOG.md"} {
		text, err := os.ReadFile(filepath.Join(r.source.repository, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			return err
		}
	}
	file, err := os.Create(filepath.Join(folder, "README.md"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return readme.Execute(file, map[string]string{
		"Version": r.source.version, "Commit": r.source.commit, "Go": r.golang.version, "Sum": sum,
		"System": p.system, "Architecture": p.architecture, "Folder": r.folderName(p), "Image": r.image,
		"Plugin": pluginName,
	})
}
