package main

import (
	"archive/tar"
	"bytes"
	"io"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	// imageFolder is the folder of the image in a release: an OCI image layout.
	imageFolder = "oci"
	// placeholderImage is a name that no registry has. It stands in the texts if the real one is not given.
	placeholderImage = "registry.example.com/" + pluginName
	// referenceName is the annotation with the tag of an image in a layout.
	referenceName = "org.opencontainers.image.ref.name"
)

// writeImage writes the image of the plugin. The tag with the version is an index of all platforms with Linux. Each
// platform has a tag of its own too, for programs that do not read an index.
func (r *release) writeImage() error {
	var index v1.ImageIndex = empty.Index
	var tags []mutate.IndexAddendum
	for _, p := range r.platforms {
		if p.system != "linux" {
			continue
		}
		image, err := r.platformImage(p)
		if err != nil {
			return err
		}
		described := v1.Descriptor{Platform: &v1.Platform{OS: p.system, Architecture: p.architecture}}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: described})
		described.Annotations = map[string]string{
			referenceName: r.source.version + "-" + p.system + "-" + p.architecture}
		tags = append(tags, mutate.IndexAddendum{Add: image, Descriptor: described})
	}
	if len(tags) == 0 {
		return nil
	}
	index = mutate.Annotations(index, r.annotations()).(v1.ImageIndex)
	all := mutate.IndexAddendum{Add: index,
		Descriptor: v1.Descriptor{Annotations: map[string]string{referenceName: r.source.version}}}
	_, err := layout.Write(filepath.Join(r.folder, imageFolder),
		mutate.AppendManifests(empty.Index, append([]mutate.IndexAddendum{all}, tags...)...))
	return err
}

// platformImage returns the image for a platform. It has one file, the plugin, in its root folder, because OpenBao
// looks for it there.
func (r *release) platformImage(p platform) (v1.Image, error) {
	layer, err := r.layer(filepath.Join(r.folder, r.folderName(p), pluginName))
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.Append(image, mutate.Addendum{Layer: layer, MediaType: types.OCILayer})
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = p.system, p.architecture, v1.Time{Time: r.source.time}
	config.History = nil // it would say only that there is one layer
	config.Config.Entrypoint = []string{"/" + pluginName}
	config.Config.Labels = r.annotations()
	if image, err = mutate.ConfigFile(image, config); err != nil {
		return nil, err
	}
	return mutate.Annotations(image, r.annotations()).(v1.Image), nil
}

// layer returns a layer with one executable file.
func (r *release) layer(path string) (v1.Layer, error) {
	var packed bytes.Buffer
	writer := tar.NewWriter(&packed)
	if err := pack(writer, path, filepath.Base(path), r.source.time); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(packed.Bytes())), nil
	}, tarball.WithMediaType(types.OCILayer))
}

// annotations describe the image in the way of the OCI specification.
func (r *release) annotations() map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":    pluginName,
		"org.opencontainers.image.version":  r.source.version,
		"org.opencontainers.image.revision": r.source.commit,
		"org.opencontainers.image.licenses": ownLicence,
	}
}
