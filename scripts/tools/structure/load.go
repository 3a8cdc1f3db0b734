package main

import (
	"errors"
	"fmt"

	"golang.org/x/tools/go/packages"
)

// load loads packages with their types, by patterns as the go command takes them. Patterns that match
// nothing and packages that do not compile are errors.
func load(patterns []string) ([]*packages.Package, error) {
	loaded, err := packages.Load(&packages.Config{Mode: packages.LoadSyntax}, patterns...)
	if err != nil {
		return nil, err
	}
	if len(loaded) == 0 {
		return nil, fmt.Errorf("no package matches %q", patterns)
	}
	var all []error
	for _, one := range loaded {
		for _, failure := range one.Errors {
			all = append(all, failure)
		}
	}
	return loaded, errors.Join(all...)
}
