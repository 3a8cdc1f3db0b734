package main

import (
	"io"
	"slices"
	"strings"

	"github.com/rhysd/actionlint"
	"go.yaml.in/yaml/v4"
)

// vaultAction is the action that reads from Vault, without its version.
const vaultAction = "hashicorp/vault-action@"

// vaultActionInputs are the inputs of vault-action v3, as its documentation has them.
var vaultActionInputs = []string{"url", "secrets", "namespace", "method", "role", "path", "token", "roleId", "secretId",
	"githubToken", "jwtPrivateKey", "jwtKeyPassword", "jwtGithubAudience", "jwtTtl", "kubernetesTokenPath", "username",
	"password", "authPayload", "extraHeaders", "exportEnv", "exportToken", "outputToken", "caCertificate",
	"clientCertificate", "clientKey", "tlsSkipVerify", "ignoreNotFound", "secretEncodingType"}

// checkWorkflow checks a workflow of GitHub Actions, and what it reads from Vault.
func (c *checker) checkWorkflow(path string, text []byte) {
	linter, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{})
	if err != nil {
		c.complain(path, 0, "actionlint cannot start: %v.", err)
		return
	}
	faults, err := linter.Lint(path, text, nil)
	if err != nil {
		c.complain(path, 0, "actionlint cannot read it: %v.", err)
	}
	for _, fault := range faults {
		c.complain(path, fault.Line, "%s (%s). Correct it as the documentation of GitHub Actions says.", fault.Message,
			fault.Kind)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err == nil && len(document.Content) == 1 {
		c.checkSteps(path, document.Content[0])
	}
}

// checkSteps checks every step that uses vault-action.
func (c *checker) checkSteps(path string, document *yaml.Node) {
	jobs := valueOf(document, "jobs")
	for i := 1; jobs != nil && i < len(jobs.Content); i += 2 {
		steps := valueOf(jobs.Content[i], "steps")
		for _, step := range contentOf(steps) {
			if uses := valueOf(step, "uses"); uses != nil && strings.HasPrefix(uses.Value, vaultAction) {
				c.checkInputs(path, step)
			}
		}
	}
}

// contentOf returns the items of a list; none if it is nil.
func contentOf(node *yaml.Node) []*yaml.Node {
	if node == nil {
		return nil
	}
	return node.Content
}

// checkInputs checks the inputs of a step that uses vault-action.
func (c *checker) checkInputs(path string, step *yaml.Node) {
	with := contentOf(valueOf(step, "with"))
	for i := 0; i+1 < len(with); i += 2 {
		name, value := with[i], with[i+1]
		switch {
		case !slices.Contains(vaultActionInputs, name.Value):
			c.complain(path, name.Line, "vault-action has no input %s: %s.", name.Value, listed(vaultActionInputs))
		case name.Value == "token" || name.Value == "secretId" || name.Value == "exportToken":
			c.complain(path, name.Line, "%s needs or shows a Vault token or secret. Use the method jwt.", name.Value)
		case name.Value == "secrets":
			c.checkSecrets(path, value)
		}
	}
}

// checkSecrets checks the paths and fields that a step reads: PATH FIELD | NAME, separated by semicolons.
func (c *checker) checkSecrets(path string, value *yaml.Node) {
	for i, each := range strings.Split(value.Value, ";") {
		words := strings.Fields(strings.Split(each, "|")[0])
		if len(words) == 0 {
			continue
		}
		line := value.Line + i + 1
		name, ok := strings.CutPrefix(words[0], mount)
		routes := c.engine.find(name)
		switch {
		case len(words) != 2:
			c.complain(path, line, "Write PATH FIELD | NAME, and a semicolon between two of them.")
		case !ok || !allows(routes, "read"):
			c.complain(path, line, "The engine has no read of %s. See docs/api/README.md.", words[0])
		case !answers(routes, words[1]):
			c.complain(path, line, "%s answers no field %s: %s.", words[0], words[1], listed(routes[0].Answers))
		}
	}
}
