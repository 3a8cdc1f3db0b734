package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// pluginName is the name of the plugin's program, and the first part of the names of archives.
const pluginName = "vault-plugin-secrets-paxos"

// programs are the programs of a release, which are folders below cmd.
var programs = []string{pluginName, "paxos-proxy", "paxos-report", "paxos-sandbox"}

// A release is what is built, and with what.
type release struct {
	source    source
	golang    *golang
	platforms []platform
	image     string // the name under which the image will be published
	folder    string // where the release is written to
}

// prepare reads the commit and checks that this release can be built from it.
func (r *release) prepare(ctx context.Context, repository, version, only string) (err error) {
	if r.platforms, err = selectPlatforms(only); err != nil {
		return err
	}
	if r.source, err = readSource(ctx, repository, version); err != nil {
		return err
	}
	r.golang, err = findGo(ctx, r.source.repository)
	return err
}

// write writes the release. An older release in the folder is replaced when the new one is complete.
func (r *release) write(ctx context.Context, output string, out io.Writer) error {
	if err := replaceable(output); err != nil {
		return err
	}
	r.folder = filepath.Clean(output) + ".new"
	if err := errors.Join(os.RemoveAll(r.folder), os.MkdirAll(r.folder, 0o755)); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(r.folder) }() // there is none if the release is complete
	if err := r.golang.findTool(ctx, r.source); err != nil {
		return err
	}
	for _, p := range r.platforms {
		fmt.Fprintf(out, "release: building for %s\n", p)
		if err := r.writePlatform(ctx, p); err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
	}
	if err := r.writeImage(); err != nil {
		return fmt.Errorf("writing the image: %w", err)
	}
	if err := writeSums(r.folder); err != nil {
		return err
	}
	if err := normalise(r.folder, r.source.time); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(output), os.Rename(r.folder, output))
}

// writePlatform writes the folder of a platform and its archive.
func (r *release) writePlatform(ctx context.Context, p platform) error {
	folder := filepath.Join(r.folder, r.folderName(p))
	linked, err := r.golang.linked(ctx, r.source, p)
	if err != nil {
		return err
	}
	if err := r.golang.build(ctx, r.source, p, folder); err != nil {
		return err
	}
	if err := linked.matches(folder); err != nil {
		return err
	}
	licences, err := writeLicences(linked, filepath.Join(folder, "licenses"))
	if err != nil {
		return err
	}
	for _, program := range programs {
		if err := r.writeSBOM(ctx, filepath.Join(folder, program), licences); err != nil {
			return fmt.Errorf("the SBOM of %s: %w", program, err)
		}
	}
	if err := r.writeTexts(p, folder); err != nil {
		return err
	}
	if err := normalise(folder, r.source.time); err != nil {
		return err
	}
	return archive(folder, r.source.time)
}

// folderName returns the name of the folder of a platform.
func (r *release) folderName(p platform) string {
	return fmt.Sprintf("%s_%s_%s_%s", pluginName, r.source.version, p.system, p.architecture)
}

// replaceable returns an error if the folder exists and is not that of a release, because it would be deleted.
func replaceable(folder string) error {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(folder, sumsName)); err != nil {
		return fmt.Errorf("%s has files, but no %s, so it is not the folder of a release: it is not replaced",
			folder, sumsName)
	}
	return nil
}
