// Command release builds a release into a folder: the programs for each platform, archives, checksums, an SBOM
// for each program, the licences of what is linked, and an OCI image of the plugin. `make dist` runs it.
//
// The same commit and version give the same bytes, in any folder and at any time. So a release can be checked by
// building it again: compare.sh does that.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program. It returns the exit code, which is 2 for wrong flags.
func run(ctx context.Context, arguments []string, out, complaints io.Writer) int {
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	flags.SetOutput(complaints)
	repository := flags.String("repository", ".", "the `folder` of the git checkout")
	output := flags.String("output", "dist",
		"the `folder` that the release is written to; an older release in it is replaced")
	version := flags.String("version", "", "the `version`, such as v1.2.3; default: the tag of the commit")
	image := flags.String("image", placeholderImage, "the `name` under which the image will be published, for the texts")
	only := flags.String("platforms", "",
		"`platforms` to build for, separated by commas, such as linux/amd64; default: all")
	if err := flags.Parse(arguments); err != nil || flags.NArg() > 0 {
		return 2
	}
	r := &release{image: *image}
	err := r.prepare(ctx, *repository, *version, *only)
	if err == nil {
		err = r.write(ctx, *output, out)
	}
	if err != nil {
		fmt.Fprintf(complaints, "release: %v\n", err)
		return 1
	}
	absolute, _ := filepath.Abs(*output) // it is only shown
	fmt.Fprintf(out, "release: %s of commit %s is in %s\n", r.source.version, r.source.commit, absolute)
	return 0
}
