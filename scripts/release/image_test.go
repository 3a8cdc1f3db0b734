package main

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// TestImageIsDescribed reads the image with skopeo.
func TestImageIsDescribed(t *testing.T) {
	t.Parallel()
	for _, p := range linux {
		var described struct {
			Architecture, Os string
			Labels           map[string]string
			Layers           []string
		}
		said := must(t, built, "skopeo", "--override-os", p.system, "--override-arch", p.architecture,
			"inspect", "oci:"+imageFolder+":"+testedVersion)
		if err := json.Unmarshal([]byte(said), &described); err != nil {
			t.Fatal(err)
		}
		if described.Architecture != p.architecture || described.Os != p.system || len(described.Layers) != 1 ||
			described.Labels["org.opencontainers.image.version"] != testedVersion ||
			described.Labels["org.opencontainers.image.revision"] != commit {
			t.Errorf("skopeo says of %s: %s", p, said)
		}
	}
}

// TestImageHasOnlyThePlugin unpacks the image with umoci.
func TestImageHasOnlyThePlugin(t *testing.T) {
	t.Parallel()
	for _, p := range linux {
		bundle := filepath.Join(t.TempDir(), "bundle")
		must(t, built, "umoci", "unpack", "--rootless",
			"--image", imageFolder+":"+testedVersion+"-"+p.system+"-"+p.architecture, bundle)
		var files []string
		root := filepath.Join(bundle, "rootfs")
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || path == root {
				return err
			}
			info, err := entry.Info()
			files = append(files, entry.Name()+" "+info.Mode().String())
			return err
		})
		if err != nil || len(files) != 1 || files[0] != pluginName+" -rwxr-xr-x" {
			t.Fatalf("the image for %s has these files: %q (%v)", p, files, err)
		}
		must(t, root, "cmp", pluginName, filepath.Join(platformFolder(p), pluginName))
		var config struct {
			Process struct{ Args []string }
		}
		decode(t, filepath.Join(bundle, "config.json"), &config)
		if len(config.Process.Args) != 1 || config.Process.Args[0] != "/"+pluginName {
			t.Errorf("the image for %s runs %q", p, config.Process.Args)
		}
	}
}

// TestImageThroughARegistry publishes the image as docs/runbooks/release.md says, and downloads it as OpenBao does: the
// manifest of its own platform, and in that a file with the name of the program in the root folder.
func TestImageThroughARegistry(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	target := strings.TrimPrefix(server.URL, "http://") + "/acme/" + pluginName + ":" + testedVersion
	must(t, built, "skopeo", "copy", "--quiet", "--all", "--dest-tls-verify=false",
		"oci:"+imageFolder+":"+testedVersion, "docker://"+target)
	reference, err := name.ParseReference(target)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range linux {
		image, err := remote.Image(reference, remote.WithContext(t.Context()),
			remote.WithPlatform(v1.Platform{OS: p.system, Architecture: p.architecture}))
		if err != nil {
			t.Fatal(err)
		}
		want, err := checksum(filepath.Join(platformFolder(p), pluginName))
		if err != nil {
			t.Fatal(err)
		}
		if got := extracted(t, image, pluginName); got != want {
			t.Errorf("the plugin for %s has the checksum %s in the registry, want %s", p, got, want)
		}
	}
}

// extracted returns the checksum of the file with this path in an image.
func extracted(t *testing.T, image v1.Image, path string) string {
	t.Helper()
	content := mutate.Extract(image)
	defer content.Close()
	for packed := tar.NewReader(content); ; {
		header, err := packed.Next()
		if errors.Is(err, io.EOF) {
			t.Fatalf("the image has no file %s", path)
		} else if err != nil {
			t.Fatal(err)
		}
		if header.Name == path && header.Typeflag == tar.TypeReg {
			hash := sha256.New()
			if _, err := io.Copy(hash, packed); err != nil {
				t.Fatal(err)
			}
			return hex.EncodeToString(hash.Sum(nil))
		}
	}
}
