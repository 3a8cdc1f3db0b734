package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"vault-plugin-secrets-paxos/scripts/docs/page"
)

var (
	// refusal is how vault, the API of Vault and Paxos say that they did not do what they were asked to.
	refusal = regexp.MustCompile(`(?m)^Error .*|\{"errors?":["\[].*|\{"type":"[^"]*","title":"[^"]*","status":[45]\d\d.*`)
	// judged is how a block says that a command may fail.
	judged = regexp.MustCompile(`(?m)(?:^|[ ;])(?:if|until|while) |\|\||; *[a-z_]+=\$\?`)
)

// hiddenFailure returns the failure of a command that did not make the block fail, such as one inside
// another command; empty: there is none. The failures are the vault commands of the block that failed.
func hiddenFailure(b *page.Block, output, failures string) string {
	if b.Kind == page.Hidden || b.Fails || judged.MatchString(b.Text) {
		return ""
	}
	if found := refusal.FindString(output); found != "" && b.Answer == nil { // readers see it otherwise
		return strings.TrimSpace(found)
	}
	return strings.TrimSpace(failures)
}

// failures returns the vault commands of the latest step that failed.
func (s *shell) failures() string {
	text, _ := os.ReadFile(filepath.Join(s.folder, "failed")) // there is none if no command failed
	return string(text)
}
