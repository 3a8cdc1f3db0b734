package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"vault-plugin-secrets-paxos/scripts/docs/page"
)

// allPages returns the paths of all pages.
func allPages() (paths []string, err error) {
	for _, pattern := range []string{"README.md", "docs/*.md", "docs/api/*.md", "docs/runbooks/*.md",
		"docs/examples/*.md", "docs/examples/*/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return nil, err
		}
		paths = append(paths, found...)
	}
	if len(paths) == 0 {
		return nil, errors.New("there is no page here: run this in the root of the repository")
	}
	return paths, nil
}

// A source is a page that was read, and what in it is not as a page must have it.
type source struct {
	*page.Page
	err error
}

// readPages reads the pages. Those that are right and have no shell block are left out.
func readPages(paths []string) (pages []source, err error) {
	for _, path := range paths {
		read, err := page.Read(path)
		if read == nil {
			return nil, err
		}
		if err != nil || read.Runs() || read.Count(page.Norun) > 0 {
			pages = append(pages, source{read, err})
		}
	}
	return pages, nil
}

// isExample reports whether a page describes an example. Its commands name the files of the example as a
// reader does in a checkout, such as docs/examples/agent/file.hcl.
func isExample(path string) bool {
	return strings.HasPrefix(filepath.ToSlash(filepath.Clean(path)), "docs/examples/")
}

// scriptOf returns the script that sets up what the page needs: pages/<page>.sh, or for a page in a
// folder that has none of its own, pages/<folder>.sh. It returns nothing if there is none.
func scriptOf(path string) string {
	name := strings.TrimPrefix(strings.TrimSuffix(filepath.ToSlash(filepath.Clean(path)), ".md"), "docs/")
	for ; name != "." && name != "/"; name = filepath.Dir(name) {
		script := filepath.Join("scripts", "docs", "pages", name+".sh")
		if _, err := os.Stat(script); err == nil {
			return script
		}
	}
	return ""
}
