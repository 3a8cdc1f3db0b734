package externalsecrets

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	external "github.com/external-secrets/external-secrets/apis/externalsecrets/v1"
	vaultdynamic "github.com/external-secrets/external-secrets/pkg/generator/vault"
	provider "github.com/external-secrets/external-secrets/pkg/provider/vault"
	core "k8s.io/api/core/v1"
	extensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/yaml"
)

// An operator is the operator's code, with the manifests of the example.
type operator struct {
	site
	kube    client.Client // has the objects that the manifests name
	address string        // of Vault
}

// newOperator starts everything.
func newOperator(t *testing.T) operator {
	t.Helper()
	s := newSite(t, newCluster(t))
	address, authority := s.balancer()
	account := &core.ServiceAccount{ObjectMeta: meta.ObjectMeta{Namespace: "payments", Name: "payments-api"}}
	t.Logf("passed with: External Secrets Operator %s (its generator and its provider)", module(t).Version)
	return operator{s, fake.NewClientBuilder().WithObjects(authority, account).Build(), address}
}

// manifest returns a manifest of the example, with the address of this Vault.
func (o operator) manifest(file string, number int) []byte {
	o.Helper()
	const written = "https://vault.example.com:8200"
	text := documents(o.T, file)[number]
	if !strings.Contains(text, "kind: ExternalSecret") && !strings.Contains(text, written) {
		o.Fatalf("the manifest has not the address %s", written)
	}
	return []byte(strings.ReplaceAll(text, written, o.address))
}

// generate runs the generator once, as the controller does at each refreshInterval.
func (o operator) generate(manifest []byte) (map[string][]byte, error) {
	o.Helper()
	spec, err := yaml.YAMLToJSON(manifest)
	if err != nil {
		o.Fatal(err)
	}
	values, _, err := new(vaultdynamic.Generator).Generate(o.Context(), &extensions.JSON{Raw: spec}, o.kube, "payments")
	return values, err
}

// TestTheGeneratorReadsTokens runs the operator's generator with the example's manifest, before and after
// the token was revoked.
func TestTheGeneratorReadsTokens(t *testing.T) {
	o := newOperator(t)
	manifest := o.manifest("generator.yaml", 0)
	first, err := o.generate(manifest)
	if err != nil {
		t.Fatal(err)
	}
	o.expectToken(string(first["token_id"]), string(first["access_token"]))
	for _, field := range []string{"access_token", "api_url", "client_id", "environment", "expires_at",
		"last_vault_rotation", "rotation_period", "scope", "token_id", "token_type", "ttl"} {
		if len(first[field]) == 0 {
			t.Errorf("the Kubernetes Secret has no %s", field)
		}
	}
	again, err := o.generate(manifest)
	if err != nil || string(again["access_token"]) != string(first["access_token"]) {
		t.Errorf("the second read has another token: %v", err)
	}
	o.write("paxos/roles/mint-role/rotate", nil)
	await(t, func() error {
		if o.atPaxos(string(first["token_id"])).Alive {
			return errors.New("the rotation has not revoked the token")
		}
		return nil
	})
	rotated, err := o.generate(manifest)
	if err != nil || string(rotated["access_token"]) == string(first["access_token"]) {
		t.Fatalf("after the rotation, the generator reads the revoked token: %v", err)
	}
	o.expectToken(string(rotated["token_id"]), string(rotated["access_token"]))
	if got := o.logins(); got != 3 {
		t.Errorf("three reads left %d Vault tokens; README says that each leaves one", got)
	}
}

// TestTheGeneratorShowsWhyItGetsNoToken disables the role, and lets another service account log in.
func TestTheGeneratorShowsWhyItGetsNoToken(t *testing.T) {
	o := newOperator(t)
	manifest := o.manifest("generator.yaml", 0)
	o.write("paxos/roles/mint-role", map[string]any{"disabled": true})
	if _, err := o.generate(manifest); err == nil || !strings.Contains(err.Error(), "mint-role") ||
		!strings.Contains(err.Error(), "disabled") {
		t.Errorf("of a disabled role: %v", err)
	}
	o.write("paxos/roles/mint-role", map[string]any{"disabled": false})
	stranger := strings.Replace(string(manifest), "name: payments-api", "name: stranger", 1)
	if _, err := o.generate([]byte(stranger)); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("another service account: %v", err)
	}
	untrusted := strings.Replace(string(manifest), "key: ca.crt", "key: other.crt", 1)
	if _, err := o.generate([]byte(untrusted)); err == nil {
		t.Error("without the certificate authority, the generator talks to Vault")
	}
	if values, err := o.generate(manifest); err != nil || len(values["access_token"]) == 0 {
		t.Errorf("as the example has it: %v", err)
	}
}

// TestTheStoreReadsTokens runs the operator's provider with the example's SecretStore, and reads what its
// ExternalSecret names.
func TestTheStoreReadsTokens(t *testing.T) {
	o := newOperator(t)
	values := o.sync("token/mint-role")
	cached, err := o.root.Logical().ReadWithContext(t.Context(), "paxos/token/mint-role")
	if err != nil {
		t.Fatal(err)
	}
	if values["access_token"] != cached.Data["access_token"] {
		t.Error("the store has read another token than the role's")
	}
	tokenID, _ := cached.Data["token_id"].(string)
	o.expectToken(tokenID, values["access_token"])
	if values["api_url"] != o.paxos.APIURL {
		t.Errorf("api_url is %q, want %q", values["api_url"], o.paxos.APIURL)
	}
	if got := o.logins(); got != 0 {
		t.Errorf("the operator left %d Vault tokens", got)
	}
}

// TestALeaseEndsWithTheLoginOfTheStore reads creds/ in the place of token/, against which the example
// warns: the lease is gone before the application has the token.
func TestALeaseEndsWithTheLoginOfTheStore(t *testing.T) {
	o := newOperator(t)
	o.write("paxos/roles/mint-role", map[string]any{"idle_ttl": "0s"})
	values := o.sync("creds/mint-role")
	if values["access_token"] == "" {
		t.Fatal("no token was read")
	}
	await(t, func() error {
		listed, err := o.root.Logical().ListWithContext(t.Context(), "sys/leases/lookup/paxos/creds/mint-role")
		if err == nil && listed != nil {
			err = errors.New("the lease lasts")
		}
		return err
	})
}

// sync does what the controller does for the example's ExternalSecret: it logs in, reads each value, and
// ends its login. The values are read from this path in the place of token/mint-role.
func (o operator) sync(path string) map[string]string {
	o.Helper()
	var store external.SecretStore
	var secret external.ExternalSecret
	manifest := strings.ReplaceAll(string(o.manifest("store.yaml", 1)), "token/mint-role", path)
	err := errors.Join(yaml.UnmarshalStrict(o.manifest("store.yaml", 0), &store),
		yaml.UnmarshalStrict([]byte(manifest), &secret))
	if err != nil {
		o.Fatal(err)
	}
	p := &provider.Provider{NewVaultClient: provider.NewVaultClient}
	if warnings, err := p.ValidateStore(&store); err != nil || len(warnings) > 0 {
		o.Fatalf("the operator refuses the store: %v %v", warnings, err)
	}
	reader, err := p.NewClient(o.Context(), &store, o.kube, "payments")
	if err != nil {
		o.Fatal(err)
	}
	values := map[string]string{}
	for _, each := range secret.Spec.Data {
		value, err := reader.GetSecret(o.Context(), each.RemoteRef)
		if err != nil {
			o.Fatal(err)
		}
		values[each.SecretKey] = string(value)
	}
	if err := reader.Close(o.Context()); err != nil {
		o.Fatal(err)
	}
	return values
}

// expectToken checks that the token is valid at Paxos and has the scope of the role.
func (o operator) expectToken(tokenID, token string) {
	o.Helper()
	found := o.atPaxos(tokenID)
	if token == "" || !found.Alive || !slices.Equal(found.Scopes, []string{"funding:read_profile"}) {
		o.Errorf("the token has %d bytes; at Paxos it is valid: %t, with the scopes %v", len(token), found.Alive,
			found.Scopes)
	}
}

// TestTheIntervalIsNotTooLong compares refreshInterval of both ExternalSecrets with the poll_interval that a
// role has unless it says otherwise.
func TestTheIntervalIsNotTooLong(t *testing.T) {
	o := newOperator(t)
	role, err := o.root.Logical().ReadWithContext(t.Context(), "paxos/roles/mint-role")
	if err != nil {
		t.Fatal(err)
	}
	seconds, err := role.Data["poll_interval"].(interface{ Int64() (int64, error) }).Int64()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"generator.yaml", "store.yaml"} {
		var secret external.ExternalSecret
		if err := yaml.UnmarshalStrict(o.manifest(file, 1), &secret); err != nil {
			t.Fatal(err)
		}
		if longest := time.Duration(seconds) * time.Second; secret.Spec.RefreshInterval == nil ||
			secret.Spec.RefreshInterval.Duration > longest {
			t.Errorf("%s: refreshInterval is %v, poll_interval %s", file, secret.Spec.RefreshInterval, longest)
		}
	}
}
