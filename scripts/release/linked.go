package main

import (
	"bytes"
	"cmp"
	"context"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
)

// A linkage is the modules of others whose packages are linked into the programs of a platform, by name and
// version as in github.com/google/uuid@v1.6.0. The standard library is one of them.
type linkage map[string]*linkedModule

// A linkedModule is one of them.
type linkedModule struct {
	folder   string              // where its source code is
	packages map[string]struct{} // the folders of the packages that are linked
}

// standardLibrary is the name of Go's standard library, in the form of a module's name.
const standardLibrary = "std"

// A listedPackage is what `go list` says about a package.
type listedPackage struct {
	Dir        string
	Standard   bool
	GoFiles    []string
	SFiles     []string // assembler
	HFiles     []string
	EmbedFiles []string
	Module     *struct {
		Path, Version, Dir string
		Main               bool
		Replace            *struct{ Path string }
	}
}

// linked returns what is linked into the programs of a platform. It checks that what comes from this repository is
// in the commit.
func (g *golang) linked(ctx context.Context, s source, p platform) (linkage, error) {
	arguments := []string{"list", "-deps", "-mod=readonly", "-json=Dir,Standard,Module,GoFiles,SFiles,HFiles,EmbedFiles"}
	for _, program := range programs {
		arguments = append(arguments, "./cmd/"+program)
	}
	said, err := g.command(ctx, s, p, arguments...).Output()
	if err != nil {
		return nil, explain("listing packages", err)
	}
	found := linkage{standardLibrary + "@" + g.version: {folder: g.root}}
	own := []string{"go.mod", "go.sum"}
	for decoder := json.NewDecoder(bytes.NewReader(said)); ; {
		var listed listedPackage
		if err := decoder.Decode(&listed); errors.Is(err, io.EOF) {
			return found, s.contains(ctx, own)
		} else if err != nil {
			return nil, fmt.Errorf("listing packages: %w", err)
		}
		if err := found.add(listed); err != nil {
			return nil, err
		}
		if listed.Module != nil && listed.Module.Main {
			for _, file := range slices.Concat(listed.GoFiles, listed.SFiles, listed.HFiles, listed.EmbedFiles) {
				own = append(own, filepath.Join(listed.Dir, file))
			}
		}
	}
}

// add adds a package, if it belongs to a module of others.
func (l linkage) add(listed listedPackage) error {
	module := listed.Module
	if listed.Standard || module.Main {
		return nil
	}
	if module.Replace != nil {
		return fmt.Errorf("go.mod replaces %s: releases have no replaced modules, because SBOM readers do not know them",
			module.Path)
	}
	name := module.Path + "@" + module.Version
	if l[name] == nil {
		l[name] = &linkedModule{folder: module.Dir, packages: map[string]struct{}{}}
	}
	l[name].packages[listed.Dir] = struct{}{}
	return nil
}

// matches compares with what the linker wrote into the programs in the folder, and checks how they were built.
func (l linkage) matches(folder string) error {
	written := map[string]bool{}
	for _, program := range programs {
		info, err := buildinfo.ReadFile(filepath.Join(folder, program))
		if err != nil {
			return err
		}
		written[standardLibrary+"@"+info.GoVersion] = true
		for _, module := range info.Deps {
			written[module.Path+"@"+module.Version] = true
		}
	}
	want := slices.SortedFunc(maps.Keys(l), cmp.Compare)
	got := slices.SortedFunc(maps.Keys(written), cmp.Compare)
	if !slices.Equal(want, got) {
		return fmt.Errorf("the programs name other modules than `go list`:\n%v\n%v", got, want)
	}
	return nil
}
