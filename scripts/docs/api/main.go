// Command api writes the reference of the engine's API, one page for each path, from the
// descriptions that `vault path-help` and OpenAPI have. `make docs` runs it.
//
// A page consists of a generated part, between two marks, and of what people wrote around it:
// sample requests and answers, and the statuses that matter. Only the generated part is replaced.
//
// Usage:
//
//	api [DIRECTORY]
//	api -list
//
// DIRECTORY is docs/api if it is left out. With -list it writes no page: it prints all paths of the engine,
// their operations, parameters and answers as JSON.
package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	directory := "docs/api"
	if len(os.Args) > 1 {
		directory = os.Args[1]
	}
	var err error
	if directory == "-list" {
		err = list(os.Stdout)
	} else {
		err = run(directory)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "api:", err)
		os.Exit(1)
	}
}

// run writes the index and every page into a directory.
func run(directory string) error {
	pages, err := describeEngine()
	if err != nil {
		return err
	}
	texts, err := documents(directory, pages)
	if err != nil {
		return err
	}
	for name, text := range texts {
		// The pages are part of the source code, which everybody may read.
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	fmt.Println(count(pages))
	return nil
}

// documents returns the text of every file in the directory, by its name: with a new generated part,
// and what people wrote around it.
func documents(directory string, pages []page) (map[string]string, error) {
	texts := map[string]string{indexName: index(pages)}
	for _, p := range pages {
		texts[p.file()] = p.generated()
	}
	for name, generated := range texts {
		written, err := os.ReadFile(filepath.Join(directory, name))
		if err != nil && !os.IsNotExist(err) {
			return nil, err
		}
		if texts[name], err = replaceGenerated(cmp.Or(string(written), empty), generated); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return texts, nil
}
