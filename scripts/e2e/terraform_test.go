package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// notWritten are the parameters that Terraform leaves out, because a read does not answer them.
var notWritten = map[string]string{
	"client_secret":     "a secret is not read back",
	"proxy_password":    "a secret is not read back",
	"verify_connection": "it is about one write and is not stored",
	"grace":             "it is about one write and is not stored",
	"force":             "it is about a delete",
}

// notResources are the paths whose read does not answer what was written.
var notResources = map[string]string{
	"creds/{name}": "a read issues a token on a lease",
	"token/{name}": "a read issues a token",
}

// TestTerraformReadsBackWhatItWrote writes all parameters of every path that can be written and read, as
// vault_generic_endpoint does with ignore_absent_fields, and reads them. The provider puts what it reads
// in the place of what was written, and plans a change if the JSON is another. So the values must be equal.
// A path or a parameter without a case fails.
func TestTerraformReadsBackWhatItWrote(t *testing.T) {
	t.Parallel()
	unconfigured := newBareMount(t, shared(t), paxostest.Options{TLS: true})
	m := newMount(t, shared(t), paxostest.Options{})
	written := map[string]map[string]bool{}
	connection := terraformConnection(unconfigured.paxos)
	unconfigured.apply(connection)
	note(written, connection)
	for _, resource := range m.terraformResources() {
		m.apply(resource)
		m.apply(resource) // each apply that changes something writes all of it
		note(written, resource)
	}
	paths, _ := m.openAPI()
	for path, item := range paths {
		if item.Post == nil || item.Get == nil || notResources[path] != "" {
			continue
		}
		for parameter := range item.Post.RequestBody.Content["application/json"].Schema.Properties {
			if !written[path][parameter] && notWritten[parameter] == "" {
				t.Errorf("%s has parameter %s, which no case writes", path, parameter)
			}
		}
	}
}

// note remembers which parameters the resource writes, by the path as the OpenAPI document has it.
func note(written map[string]map[string]bool, resource terraformResource) {
	path := resource.path
	if collection, _, named := strings.Cut(path, "/"); named && collection != "config" {
		path = collection + "/{name}"
	}
	if written[path] == nil {
		written[path] = map[string]bool{}
	}
	for parameter := range decode(resource.data) {
		written[path][parameter] = true
	}
}

// apply writes a resource and reads it, as the provider does, and compares the JSON.
func (m *mount) apply(resource terraformResource) {
	m.Helper()
	if _, err := m.client.Logical().WriteWithContext(m.Context(), m.path+"/"+resource.path,
		decode(resource.data)); err != nil {
		m.Fatalf("%s: %v", resource.path, err)
	}
	answer, err := m.client.Logical().ReadWithContext(m.Context(), m.path+"/"+resource.path)
	if err != nil || answer == nil {
		m.Fatalf("reading %s: %v", resource.path, err)
	}
	for parameter, value := range decode(resource.data) {
		read, known := answer.Data[parameter]
		if got, want := encode(read), encode(value); !known || got != want {
			m.Errorf("%s: %s was written as %s, and a read answers %s", resource.path, parameter, want, got)
		}
	}
}

// decode reads JSON as the provider does.
func decode(text string) (data map[string]any) {
	if err := json.Unmarshal([]byte(text), &data); err != nil {
		panic(text + ": " + err.Error())
	}
	return data
}

// encode writes JSON as the provider does.
func encode(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// TestWhatTerraformMustWriteOtherwise has the values that a read answers in another form, and why. With
// them, Terraform would plan the same change for ever.
func TestWhatTerraformMustWriteOtherwise(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), paxostest.Options{})
	for _, of := range []struct{ why, path, written, read string }{
		{"Vault's engines answer durations in seconds", "roles/mint", `{"scopes": ["funding:read_profile"], "ttl": "15m"}`,
			`{"scopes": ["funding:read_profile"], "ttl": 900}`},
		{"numbers are answered as numbers", "config", `{"api_rate": "20", "refresh_at": "0.5"}`,
			`{"api_rate": 20, "refresh_at": 0.5}`},
		{"lists are answered as lists", "scope-sets/reads", `{"scopes": "transfer:read_transfer,funding:read_profile"}`,
			`{"scopes": ["transfer:read_transfer", "funding:read_profile"]}`},
		{"a list has each value once", "scope-sets/reads", `{"scopes": ["funding:read_profile", "funding:read_profile"]}`,
			`{"scopes": ["funding:read_profile"]}`},
		{"0 stands for the default, and a read answers what applies", "roles/mint", `{"mint_limit": 0}`,
			`{"mint_limit": 12}`},
	} {
		m.write(of.path, decode(of.written))
		answer, err := m.client.Logical().ReadWithContext(t.Context(), m.path+"/"+of.path)
		if err != nil {
			t.Fatal(err)
		}
		for parameter, value := range decode(of.read) {
			if got, want := encode(answer.Data[parameter]), encode(value); got != want {
				t.Errorf("%s: %s reads back as %s, want %s (%s)", of.path, parameter, got, want, of.why)
			}
		}
	}
}
