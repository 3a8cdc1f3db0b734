package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/semver"
)

// A source is the commit that a release is built from.
type source struct {
	repository string // the absolute path of the checkout
	version    string
	commit     string
	time       time.Time // of the commit; the release has no other time in it
}

// readSource reads the commit that is checked out, and checks that it can be released with the version. An empty
// version stands for the tag of the commit.
func readSource(ctx context.Context, repository, version string) (source, error) {
	var s source
	if _, err := exec.LookPath("git"); err != nil {
		return s, errors.New("git is not installed: a release needs it to name the commit")
	}
	root, err := filepath.Abs(repository)
	if err == nil {
		root, err = filepath.EvalSymlinks(root) // as git does
	}
	if err != nil {
		return s, err
	}
	s.repository = root
	if top, err := s.git(ctx, "rev-parse", "--show-toplevel"); err != nil {
		return s, fmt.Errorf("a release is built from a commit of a git checkout: %w", err)
	} else if top != root {
		return s, fmt.Errorf("%s is not the root of a git checkout: a release is built from a commit", root)
	}
	if err := s.readCommit(ctx); err != nil {
		return s, err
	}
	return s, s.choose(ctx, version)
}

// readCommit reads the hash and the time of the commit, and checks that nothing is changed since.
func (s *source) readCommit(ctx context.Context) error {
	changed, err := s.git(ctx, "status", "--porcelain", "--untracked-files=all")
	if err != nil {
		return err
	}
	if changed != "" {
		return fmt.Errorf("the checkout has changes that are not committed, so no commit describes the release. "+
			"Commit or remove them:\n%s", changed)
	}
	said, err := s.git(ctx, "log", "-1", "--no-show-signature", "--format=%H %cI")
	if err != nil {
		return err
	}
	commit, date, _ := strings.Cut(said, " ")
	committed, err := time.Parse(time.RFC3339, date)
	if err != nil {
		return fmt.Errorf("reading the time of commit %s: %w", commit, err)
	}
	s.commit, s.time = commit, committed.UTC()
	return nil
}

// choose determines the version, and checks that it agrees with the tags.
func (s *source) choose(ctx context.Context, version string) error {
	said, err := s.git(ctx, "tag", "--points-at", "HEAD")
	if err != nil {
		return err
	}
	tags := slices.DeleteFunc(strings.Fields(said), func(tag string) bool { return !semver.IsValid(tag) })
	switch {
	case version == "" && len(tags) == 1:
		version = tags[0]
	case version == "" && len(tags) == 0:
		return errors.New("the commit has no tag such as v1.2.3: tag it, or give the version (make dist VERSION=v1.2.3)")
	case version == "":
		return fmt.Errorf("the commit has more than one tag (%s): give the version", strings.Join(tags, ", "))
	case len(tags) > 0 && !slices.Contains(tags, version):
		return fmt.Errorf("the version is %s, but the commit has the tag %s", version, strings.Join(tags, ", "))
	}
	// Vault and OpenBao demand a semantic version. The name of an image must not have a +.
	if semver.Canonical(version) != version {
		return fmt.Errorf("the version %q does not have the form v1.2.3 or v1.2.3-rc.1", version)
	}
	if tagged, err := s.git(ctx, "rev-parse", "--verify", "--quiet", "refs/tags/"+version+"^{commit}"); err == nil &&
		tagged != s.commit {
		return fmt.Errorf("the tag %s is on another commit (%s): check it out, or give another version", version, tagged)
	}
	s.version = version
	return nil
}

// contains returns an error if one of the files is not in the commit as it is in the checkout. `git status` shows
// neither files that git ignores nor changes that git was told to overlook, and Go compiles both.
func (s *source) contains(ctx context.Context, files []string) error {
	listed, err := s.git(ctx, "ls-tree", "-r", "-z", "--full-tree", s.commit)
	if err != nil {
		return err
	}
	committed := map[string]string{} // the hash of each file
	for entry := range strings.SplitSeq(listed, "\x00") {
		about, name, _ := strings.Cut(entry, "\t")
		if words := strings.Fields(about); len(words) == 3 {
			committed[filepath.Join(s.repository, filepath.FromSlash(name))] = words[2]
		}
	}
	for i, file := range files {
		if !filepath.IsAbs(file) {
			files[i] = filepath.Join(s.repository, file)
		}
	}
	said, err := s.git(ctx, append([]string{"hash-object", "--no-filters", "--"}, files...)...)
	if err != nil {
		return err
	}
	hashes := strings.Fields(said)
	for i, file := range files {
		if i >= len(hashes) || committed[file] != hashes[i] {
			name := strings.TrimPrefix(file, s.repository+string(filepath.Separator))
			return fmt.Errorf("%s would be built, but the commit does not have it like this. Git ignores the file, or "+
				"was told to overlook its changes (git ls-files -v)", name)
		}
	}
	return nil
}

// git returns what a git command prints about the checkout.
func (s *source) git(ctx context.Context, arguments ...string) (string, error) {
	command := exec.CommandContext(ctx, "git", append([]string{"-C", s.repository}, arguments...)...)
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "GIT_") { // such as GIT_DIR, which names another checkout
			command.Env = append(command.Env, variable)
		}
	}
	said, err := command.Output()
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		return "", fmt.Errorf("git %s: %s", arguments[0], strings.TrimSpace(string(failed.Stderr)))
	}
	return strings.TrimSpace(string(said)), err
}
