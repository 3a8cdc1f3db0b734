package externalsecrets

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	external "github.com/external-secrets/external-secrets/apis/externalsecrets/v1"
	generators "github.com/external-secrets/external-secrets/apis/generators/v1alpha1"
	internal "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	extensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"sigs.k8s.io/yaml"
)

// documents returns the manifests of a file of the example.
func documents(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(example, file))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(text), "\n---\n")
}

// definitions are the files of the operator's module with its custom resource definitions, by kind.
var definitions = map[string]string{
	"ExternalSecret":     "external-secrets.io_externalsecrets.yaml",
	"SecretStore":        "external-secrets.io_secretstores.yaml",
	"VaultDynamicSecret": "generators.external-secrets.io_vaultdynamicsecrets.yaml",
}

// TestManifestsAreWhatKubernetesAccepts holds each manifest against the operator's types, and against the
// schema of its custom resource definition.
func TestManifestsAreWhatKubernetesAccepts(t *testing.T) {
	found := 0
	for _, file := range []string{"generator.yaml", "store.yaml"} {
		for _, manifest := range documents(t, file) {
			found++
			for _, problem := range problems(t, manifest) {
				t.Errorf("%s: %s", file, problem)
			}
		}
	}
	if found != 4 {
		t.Errorf("the example has %d manifests, want 4", found)
	}
}

// TestWrongManifestsAreNoticed has mistakes that a person makes, each of which Kubernetes or the operator
// would refuse, or would ignore without a word.
func TestWrongManifestsAreNoticed(t *testing.T) {
	generator, secret := documents(t, "generator.yaml")[0], documents(t, "generator.yaml")[1]
	store := documents(t, "store.yaml")[0]
	for _, wrong := range []struct{ manifest, old, changed string }{
		{generator, "serviceAccountRef:", "serviceAccountReference:"},
		{generator, "  path: paxos", "  paths: paxos"},
		{generator, "type: ConfigMap", "type: Configmap"},
		{generator, "v1alpha1", "v1beta1"},
		{secret, "refreshInterval: 5m", "refreshInterval: [5m]"},
		{secret, "creationPolicy: Owner", "creationPolicy: Always"},
		{secret, "kind: VaultDynamicSecret", "kind: VaultSecret"},
		{store, "version: v1", "version: v3"},
	} {
		if !strings.Contains(wrong.manifest, wrong.old) {
			t.Fatalf("no manifest has %q", wrong.old)
		}
		if len(problems(t, strings.Replace(wrong.manifest, wrong.old, wrong.changed, 1))) == 0 {
			t.Errorf("%q is accepted in the place of %q", wrong.changed, wrong.old)
		}
	}
}

// problems returns what is wrong with a manifest.
func problems(t *testing.T, manifest string) (all []string) {
	t.Helper()
	var head struct{ APIVersion, Kind string }
	if err := yaml.Unmarshal([]byte(manifest), &head); err != nil {
		return []string{err.Error()}
	}
	typed := map[string]any{"ExternalSecret": &external.ExternalSecret{}, "SecretStore": &external.SecretStore{},
		"VaultDynamicSecret": &generators.VaultDynamicSecret{}}[head.Kind]
	if typed == nil {
		return []string{"unknown kind " + head.Kind}
	}
	if err := yaml.UnmarshalStrict([]byte(manifest), typed); err != nil {
		all = append(all, err.Error())
	}
	_, version, _ := strings.Cut(head.APIVersion, "/")
	properties := schemaOf(t, definitions[head.Kind], version)
	if properties == nil {
		return append(all, "the definition has no version "+head.APIVersion)
	}
	return append(all, violations(t, properties, manifest)...)
}

// violations returns where a manifest does not fit the schema: values that it forbids, and fields that it
// does not know, which Kubernetes would drop.
func violations(t *testing.T, properties *extensions.JSONSchemaProps, manifest string) (all []string) {
	t.Helper()
	var converted internal.JSONSchemaProps
	if err := extensions.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(properties, &converted,
		nil); err != nil {
		t.Fatal(err)
	}
	validator, _, err := validation.NewSchemaValidator(&converted)
	if err != nil {
		t.Fatal(err)
	}
	structural, err := schema.NewStructural(&converted)
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := yaml.Unmarshal([]byte(manifest), &object); err != nil {
		t.Fatal(err)
	}
	for _, violation := range validation.ValidateCustomResource(nil, object, validator) {
		all = append(all, violation.Error())
	}
	for _, field := range pruning.PruneWithOptions(object, structural, true,
		schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}) {
		all = append(all, "unknown field "+field)
	}
	return all
}

// schemaOf returns the schema of one version of a custom resource definition; nil if it is not there, or if
// Kubernetes would not serve it.
func schemaOf(t *testing.T, file, version string) *extensions.JSONSchemaProps {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(module(t).Dir, "config", "crds", "bases", file))
	if err != nil {
		t.Fatal(err)
	}
	var definition extensions.CustomResourceDefinition
	if err := yaml.UnmarshalStrict(text, &definition); err != nil {
		t.Fatal(err)
	}
	for _, v := range definition.Spec.Versions {
		if v.Name == version && v.Served {
			return v.Schema.OpenAPIV3Schema
		}
	}
	return nil
}

// A source is where a module is.
type source struct{ Dir, Version string }

// module returns where the operator's module is.
func module(t *testing.T) (found source) {
	t.Helper()
	said, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-json",
		"github.com/external-secrets/external-secrets").Output()
	if err == nil {
		err = json.Unmarshal(said, &found)
	}
	if err != nil {
		t.Fatal(err)
	}
	return found
}
