package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/CycloneDX/cyclonedx-go"
)

// ownLicence is the SPDX identifier of the licence of this project.
const ownLicence = "MPL-2.0"

// sbomEnding is the end of the name of a file with an SBOM. Before it is the name of the program.
const sbomEnding = ".cdx.json"

// writeSBOM writes the SBOM of a program beside it. cyclonedx-gomod reads the modules from the program itself.
func (r *release) writeSBOM(ctx context.Context, program string, found licences) error {
	read, err := r.readSBOM(ctx, program)
	if err != nil {
		return err
	}
	if err := r.complete(read, program, found); err != nil {
		return err
	}
	var text bytes.Buffer
	if err := cyclonedx.NewBOMEncoder(&text, cyclonedx.BOMFileFormatJSON).SetPretty(true).Encode(read); err != nil {
		return err
	}
	return os.WriteFile(program+sbomEnding, text.Bytes(), 0o644)
}

// readSBOM returns what cyclonedx-gomod says about a program. It gets no time and no random number.
func (r *release) readSBOM(ctx context.Context, program string) (*cyclonedx.BOM, error) {
	absolute, err := filepath.Abs(program)
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, r.golang.sbomTool, "bin", "-json", "-std", "-noserial", "-notimestamp",
		"-version", r.source.version, absolute)
	command.Env = r.golang.environment
	said, err := command.Output()
	if err != nil {
		return nil, explain("cyclonedx-gomod", err)
	}
	read := new(cyclonedx.BOM)
	if err := cyclonedx.NewBOMDecoder(bytes.NewReader(said), cyclonedx.BOMFileFormatJSON).Decode(read); err != nil {
		return nil, fmt.Errorf("reading what cyclonedx-gomod wrote: %w", err)
	}
	return read, nil
}

// complete adds the commit, the checksum of the program and the licences. It removes the checksum of
// cyclonedx-gomod, which is another one on each system.
func (r *release) complete(read *cyclonedx.BOM, program string, found licences) error {
	sum, err := checksum(program)
	if err != nil {
		return err
	}
	if tools := read.Metadata.Tools; tools != nil && tools.Tools != nil {
		for i := range *tools.Tools {
			(*tools.Tools)[i].Hashes = nil
		}
	}
	main := read.Metadata.Component
	main.Name = filepath.Base(program)
	main.Hashes = &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: sum}}
	main.Pedigree = &cyclonedx.Pedigree{Commits: &[]cyclonedx.Commit{{UID: r.source.commit}}}
	main.Licenses = choices([]string{ownLicence})
	for i := range *read.Components {
		component := &(*read.Components)[i]
		name := component.Name + "@" + component.Version
		if len(found[name]) == 0 {
			return fmt.Errorf("no licence of %s was found", name)
		}
		component.Licenses = choices(found[name])
	}
	return nil
}

// choices returns the identifiers of licences in the form of an SBOM.
func choices(identifiers []string) *cyclonedx.Licenses {
	result := cyclonedx.Licenses{}
	for _, identifier := range identifiers {
		result = append(result, cyclonedx.LicenseChoice{License: &cyclonedx.License{ID: identifier}})
	}
	return &result
}
