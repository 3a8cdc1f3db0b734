package browser

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Where the browser and its driver are. scripts/ci/packages.sh installs both.
const (
	chromium = "/usr/bin/chromium"
	modules  = "../../node/node_modules"
)

// A look is what the browser saw of one page, on a screen of one width or on paper.
type look struct {
	Page, Scheme, Paper string
	Width               int
	sizes
	Opened   sizes // with all details open
	Height   int
	Messages []string
	Requests []string // beside the page itself
	Faint    struct {
		Texts int
		Found []string
	}
	Structure  json.RawMessage
	Matrix     *matrix
	Background string
	Hidden     int // commands that paper does not show
	PDFBytes   int
}

// Sizes say whether anything is wider than the page, or cut off.
type sizes struct {
	Inner, DocumentWidth float64
	Wide, Cut            []string
}

// A matrix is the matrix of roles and scopes after it was scrolled to its end.
type matrix struct {
	ScrollsDown, ScrollsRight, BoxHeight, BoxWidth, HeadHeight, RoleWidth, ScreenHeight, ScreenWidth float64
	HeadInSight, RoleInSight                                                                         bool
}

// TestPages looks at the pages of four mounts. It keeps pictures of them if PICTURES names a directory.
func TestPages(t *testing.T) {
	for _, path := range []string{chromium, modules + "/puppeteer-core/package.json"} {
		if _, err := os.Stat(path); err != nil {
			t.Fatalf("%s is missing: run scripts/ci/packages.sh, which installs it", path)
		}
	}
	locked := smallMount(t, "paxos-locked")
	locked.write("lockdown", map[string]any{"reason": "Token found in a public repository, incident 42 " + hostile})
	version, looks := lookAt(t, map[string]string{
		"empty": emptyMount(t).page(), "small": smallMount(t, "paxos").page("-refresh"),
		"locked": locked.page("-refresh"), "big": bigMount(t).page("-refresh"),
	})
	if len(looks) != 4*(4+2) {
		t.Fatalf("the browser looked %d times", len(looks))
	}
	for _, l := range looks {
		if l.Paper != "" {
			t.Run(l.Page+" on paper, "+l.Paper, l.checkPaper)
			continue
		}
		t.Run(l.Page+" "+l.Scheme+" "+map[int]string{1200: "wide", 400: "narrow"}[l.Width], l.checkScreen)
	}
	if !t.Failed() {
		t.Logf("passed with: Chromium %s", version)
	}
}

// lookAt opens pages, by name, in the browser. It returns the version of the browser, and what it saw.
func lookAt(t *testing.T, pages map[string]string) (version string, looks []look) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	type page struct {
		Name string `json:"name"`
		File string `json:"file"`
	}
	var all []page
	for name, file := range pages {
		all = append(all, page{name, file})
	}
	order, err := json.Marshal(map[string]any{"chromium": chromium, "modules": absolute(t, modules),
		"pictures": os.Getenv("PICTURES"), "pages": all})
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(ctx, "node", "look.mjs")
	command.Stdin = bytes.NewReader(order)
	var complaints bytes.Buffer
	command.Stderr = &complaints
	said, err := command.Output()
	var seen struct {
		Version string
		Looks   []look
	}
	if err == nil {
		err = json.Unmarshal(said, &seen)
	}
	if err != nil {
		t.Fatalf("looking at the pages: %v\n%s", err, complaints.String())
	}
	_, version, _ = strings.Cut(seen.Version, "/") // after the name
	return version, seen.Looks
}
