package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// A golang is the Go toolchain that the root go.mod pins.
type golang struct {
	module      string // the module path of the checkout
	version     string // such as go1.26.8
	root        string // GOROOT
	environment []string
	sbomTool    string // the path of cyclonedx-gomod
}

// kept are the settings of Go that do not change what is built. Every other setting of the user is left out.
var kept = []string{"GOAUTH", "GOCACHE", "GOCACHEPROG", "GOINSECURE", "GOMODCACHE", "GONOPROXY", "GONOSUMDB", "GOPATH",
	"GOPRIVATE", "GOPROXY", "GOSUMDB", "GOTMPDIR", "GOTOOLCHAIN", "GOVCS"}

// fixed are the settings of Go that change what is built. The programs need no C library, so they run on every
// distribution and in an empty image.
var fixed = []string{"CGO_ENABLED=0", "GOAMD64=v1", "GOARM64=v8.0", "GOENV=off", "GOWORK=off"}

// findGo returns the toolchain, or an error if this machine has another version. Another version builds other
// bytes.
func findGo(ctx context.Context, repository string) (*golang, error) {
	path := filepath.Join(repository, "go.mod")
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	file, err := modfile.Parse(path, text, nil)
	if err != nil {
		return nil, err
	}
	if file.Module == nil || file.Toolchain == nil {
		return nil, errors.New("go.mod has no module or no toolchain line: the toolchain of releases must be pinned")
	}
	names := append([]string{"env", "-json", "GOROOT", "GOVERSION"}, kept...)
	command := exec.CommandContext(ctx, "go", names...)
	command.Dir = repository
	said, err := command.Output()
	if err != nil {
		return nil, explain("asking Go for its settings", err)
	}
	var settings map[string]string
	if err := json.Unmarshal(said, &settings); err != nil {
		return nil, fmt.Errorf("asking Go for its settings: %w", err)
	}
	pinned := file.Toolchain.Name
	for _, found := range []string{settings["GOVERSION"], runtime.Version()} {
		if found != pinned {
			return nil, fmt.Errorf("this is %s (GOTOOLCHAIN=%s), but go.mod pins %s, and another Go builds other bytes. "+
				"Install %s, or set GOTOOLCHAIN=%s to have Go download it", found, settings["GOTOOLCHAIN"], pinned, pinned, pinned)
		}
	}
	return &golang{module: file.Module.Mod.Path, version: pinned, root: settings["GOROOT"],
		environment: reduced(os.Environ(), settings)}, nil
}

// reduced returns the environment without the user's settings that change what Go builds.
func reduced(environment []string, settings map[string]string) []string {
	result := slices.DeleteFunc(slices.Clone(environment), func(variable string) bool {
		return strings.HasPrefix(variable, "GO") || strings.HasPrefix(variable, "CGO_")
	})
	for _, name := range kept {
		if settings[name] != "" {
			result = append(result, name+"="+settings[name])
		}
	}
	return append(result, fixed...)
}

// command prepares a Go command in the checkout, for a platform.
func (g *golang) command(ctx context.Context, s source, p platform, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, "go", arguments...)
	command.Dir = s.repository
	command.Env = append(slices.Clone(g.environment), "GOOS="+p.system, "GOARCH="+p.architecture)
	return command
}

// findTool builds cyclonedx-gomod for this machine. Go keeps it in its build cache.
func (g *golang) findTool(ctx context.Context, s source) error {
	command := exec.CommandContext(ctx, "go", "tool", "-n", "cyclonedx-gomod")
	command.Dir = filepath.Join(s.repository, "scripts", "release")
	command.Env = g.environment
	said, err := command.Output()
	if err != nil {
		return explain("building cyclonedx-gomod", err)
	}
	g.sbomTool = strings.TrimSpace(string(said))
	return nil
}

// build builds the programs for the platform into the folder.
func (g *golang) build(ctx context.Context, s source, p platform, folder string) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	set := " -X " + g.module + "/backend/version."
	arguments := []string{"build", "-trimpath", "-buildvcs=false", "-mod=readonly",
		"-ldflags=-s -w" + set + "Number=" + s.version + set + "Commit=" + s.commit,
		"-o", folder + string(filepath.Separator)}
	for _, program := range programs {
		arguments = append(arguments, "./cmd/"+program)
	}
	if _, err := g.command(ctx, s, p, arguments...).Output(); err != nil {
		return explain("building", err)
	}
	return nil
}

// explain adds what a command wrote to its error output to the error.
func explain(doing string, err error) error {
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		return fmt.Errorf("%s: %w\n%s", doing, err, strings.TrimSpace(string(failed.Stderr)))
	}
	return fmt.Errorf("%s: %w", doing, err)
}
