package stack

import (
	"fmt"
	"strings"
	"testing"
)

// TestProductKnowsWhatDiffers checks what is read from the answers of the command version.
func TestProductKnowsWhatDiffers(t *testing.T) {
	for said, want := range map[string]string{
		"Vault v1.16.3, built 2024-05-29T14:00:00Z\n": "Vault v1.16.3 vault -type=secret",
		"Vault v1.21.0+ent ('8'), built 2025\n":       "Vault v1.21.0+ent vault -type=secret each-value patch",
		"Vault v2.0.4 (abc)\n":                        "Vault v2.0.4 vault -type=secret each-value patch",
		"OpenBao v2.4.4 (abc), built 2025\n":          "OpenBao v2.4.4 bao unsafe",
		"OpenBao v2.6.2 (abc), built 2026\n":          "OpenBao v2.6.2 bao unsafe standbys",
	} {
		product, err := parseProduct("server", said)
		if err != nil {
			t.Error(err)
			continue
		}
		got := []string{product.String(), product.Command()}
		got = append(got, product.ReloadArguments()[3:]...)
		for what, is := range map[string]bool{
			"unsafe":     strings.Contains(product.configuration(), "unsafe_allow_api_audit_creation = true"),
			"standbys":   product.StandbysRunPlugins(),
			"each-value": product.ComparesEachValue(),
			"patch":      product.DescribesPatch(),
		} {
			if is != strings.Contains(want, what) {
				t.Errorf("%s: %s is %t", product, what, is)
			}
		}
		if !strings.HasPrefix(want, strings.Join(got, " ")) {
			t.Errorf("%q is read as %q, want %q", said, got, want)
		}
	}
	for _, said := range []string{"", "Consul v1.20.1\n", "Vault\n", "a Vault v1.21.0\n",
		fmt.Sprintf("Vault v%s.1\n", strings.Repeat("9", 30))} {
		if product, err := parseProduct("server", said); err == nil {
			t.Errorf("%q is read as %s", said, product)
		}
	}
}
