package vault

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// required matches the Vault that a go.mod pins, and its version.
var required = regexp.MustCompile(`(?m)^(?:require )?\s*github\.com/hashicorp/vault (v\S+)`)

// TestPagesNameThePinnedVersions checks that the pages name the versions that tests run on.
func TestPagesNameThePinnedVersions(t *testing.T) {
	t.Parallel()
	modules, err := filepath.Glob("*/go.mod")
	if err != nil || len(modules) == 0 {
		t.Fatalf("the pinned versions are %v, %v", modules, err)
	}
	for _, module := range modules {
		text, err := os.ReadFile(module)
		if err != nil {
			t.Fatal(err)
		}
		found := required.FindSubmatch(text)
		if found == nil {
			t.Errorf("%s pins no Vault", module)
			continue
		}
		version := strings.TrimPrefix(string(found[1]), "v")
		if !strings.HasPrefix(version, filepath.Dir(module)+".") {
			t.Errorf("%s pins %s", module, version)
		}
		for _, page := range []string{"README.md", "docs/compatibility.md", "docs/operations.md"} {
			text, err := os.ReadFile(filepath.Join("..", "..", page))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), version) {
				t.Errorf("%s does not name Vault %s", page, version)
			}
		}
	}
}
