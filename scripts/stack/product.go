package stack

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
)

// The names of the products.
const (
	vaultName   = "Vault"
	openBaoName = "OpenBao"
)

// A Product is the kind of a server: Vault or OpenBao, and its version. It knows all differences between
// servers that the demo and the tests must know.
type Product struct {
	Name         string // "Vault" or "OpenBao"
	major, minor int
	version      string // such as v1.21.0
}

// stated matches what the command version of a server prints.
var stated = regexp.MustCompile(`^(Vault|OpenBao) (v(\d+)\.(\d+)[^\s,]*)`)

// productOf asks the binary what it is.
func productOf(ctx context.Context, binary string) (Product, error) {
	command := exec.CommandContext(ctx, binary, "version")
	command.Env = environment()
	said, err := command.CombinedOutput()
	if err != nil {
		return Product{}, fmt.Errorf("asking %s for its version: %w\n%s", binary, err, said)
	}
	return parseProduct(binary, string(said))
}

// parseProduct reads the answer of the command version.
func parseProduct(binary, said string) (Product, error) {
	found := stated.FindStringSubmatch(said)
	if found == nil {
		return Product{}, fmt.Errorf("%s is neither Vault nor OpenBao: its version is %.60q", binary, said)
	}
	p := Product{Name: found[1], version: found[2]}
	var err error
	if p.major, err = strconv.Atoi(found[3]); err != nil {
		return Product{}, fmt.Errorf("reading the version of %s: %w", binary, err)
	}
	if p.minor, err = strconv.Atoi(found[4]); err != nil {
		return Product{}, fmt.Errorf("reading the version of %s: %w", binary, err)
	}
	return p, nil
}

// String returns the name and the version, such as "Vault v1.21.0".
func (p Product) String() string { return p.Name + " " + p.version }

// Command returns the name of the product's command.
func (p Product) Command() string {
	if p.Name == openBaoName {
		return "bao"
	}
	return "vault"
}

// configuration returns what the configuration of a test server needs besides. OpenBao creates an audit
// device by API only if this is allowed. Vault does not know the setting.
func (p Product) configuration() string {
	if p.Name == openBaoName {
		return "unsafe_allow_api_audit_creation = true\n"
	}
	return ""
}

// ReloadArguments returns the arguments of the command that reloads the plugin for all its mounts. Vault
// has -type, which reloads the mounts of all namespaces. OpenBao does not have it.
func (p Product) ReloadArguments() []string {
	arguments := []string{"plugin", "reload", "-plugin=" + PluginName}
	if p.Name == openBaoName {
		return arguments
	}
	return append(arguments, "-type=secret")
}

// StandbysRunPlugins reports whether standby nodes start the plugin, to answer reads themselves. OpenBao
// does so since version 2.5.
func (p Product) StandbysRunPlugins() bool { return p.Name == openBaoName && p.atLeast(2, 5) }

// ComparesEachValue reports whether a policy compares each value of a list with allowed_parameters, also
// of a list that is written with commas. Other servers compare the whole list with each element of
// allowed_parameters, which may be a list too. Vault 1.21 does; of the versions before, only 1.16 was
// tried.
func (p Product) ComparesEachValue() bool { return p.Name == vaultName && p.atLeast(1, 21) }

// DescribesPatch reports whether the server's OpenAPI document has the PATCH operations of plugins. Older
// versions of Vault, and OpenBao, drop them.
func (p Product) DescribesPatch() bool { return p.Name == vaultName && p.atLeast(1, 21) }

// atLeast reports whether the version is this one or a later one.
func (p Product) atLeast(major, minor int) bool {
	return p.major > major || p.major == major && p.minor >= minor
}
