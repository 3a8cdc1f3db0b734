// Command examples reads the files of docs/examples, and fails if one of them is not as the program that
// uses it, or the engine, would have it. `make check` runs it in the root of the repository.
//
// It finds: syntax errors, wrong indentation, fields that the program does not know, units that systemd
// refuses or rates as exposed, paths, parameters and answers that the engine does not have, a policy that no
// page tries, and a row of docs/examples/README.md that claims a test that does not exist. Each complaint is
// a sentence that names the file, the line and what to do.
//
// Usage:
//
//	examples [-engine FILE] [DIRECTORY]
//
// DIRECTORY is the root of the repository, "." if it is left out. -engine is what
// `go run ./scripts/docs/api -list` prints there; without it, examples runs that.
//
// The exit code is 0 if nothing was found, 1 if something was, and 2 if the examples could not be read.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program. It returns the exit code.
func run(arguments []string, out, complaints io.Writer) int {
	flags := flag.NewFlagSet("examples", flag.ContinueOnError)
	flags.SetOutput(complaints)
	file := flags.String("engine", "", "a `file` with the paths of the engine")
	if err := flags.Parse(arguments); err != nil {
		return 2
	}
	root := "."
	if flags.NArg() > 0 {
		root = flags.Arg(0)
	}
	paths, err := readEngine(root, *file)
	if err != nil {
		fmt.Fprintln(complaints, "examples:", err)
		return 2
	}
	c := &checker{root: root, engine: paths}
	if err := c.check(); err != nil {
		fmt.Fprintln(complaints, "examples:", err)
		return 2
	}
	for _, complaint := range c.sorted() {
		fmt.Fprintln(complaints, complaint)
	}
	fmt.Fprintf(out, "examples: %d files were read, %d faults were found\n", c.files, len(c.complaints))
	if len(c.complaints) > 0 {
		return 1
	}
	return 0
}

// A complaint is a fault of a file.
type complaint struct {
	path string
	line int // 0: the whole file
	text string
}

// String is the complaint as it is printed.
func (c complaint) String() string {
	if c.line == 0 {
		return fmt.Sprintf("%s: %s", c.path, c.text)
	}
	return fmt.Sprintf("%s:%d: %s", c.path, c.line, c.text)
}

// A checker reads the examples below a root.
type checker struct {
	root       string
	engine     engine
	files      int
	units      []string           // the paths of the systemd units
	modules    map[string]*module // the Terraform files, by their folder
	complaints []complaint
}

// complain adds a complaint about a line of a file.
func (c *checker) complain(path string, line int, format string, values ...any) {
	c.complaints = append(c.complaints, complaint{path, line, fmt.Sprintf(format, values...)})
}

// sorted returns the complaints in the order of their places.
func (c *checker) sorted() []complaint {
	slices.SortStableFunc(c.complaints, func(a, b complaint) int {
		if order := strings.Compare(a.path, b.path); order != 0 {
			return order
		}
		return a.line - b.line
	})
	return c.complaints
}

// check reads all examples.
func (c *checker) check() error {
	folder := filepath.Join(c.root, "docs", "examples")
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err == nil {
			c.files++
			c.read(path, text)
		}
		return err
	})
	c.checkModules()
	return errors.Join(err, c.checkUnits(), c.checkIndex(), c.checkTried())
}

// read checks one file with the checks for its kind.
func (c *checker) read(path string, text []byte) {
	folder := filepath.Base(filepath.Dir(path))
	c.checkText(path, string(text))
	switch filepath.Ext(path) {
	case ".hcl":
		c.checkHCL(path, text, folder)
	case ".tf":
		c.checkTerraform(path, text)
	case ".service", ".timer", ".socket", ".path", ".target":
		c.units = append(c.units, path)
	case ".yml", ".yaml":
		c.checkYAML(path, text, folder)
	case ".json":
		c.checkJSON(path, text)
	}
}
