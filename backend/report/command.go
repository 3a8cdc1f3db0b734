package report

import (
	"fmt"
	"regexp"
	"strings"
)

// The paths of a mount that commands name. They are written here again, because this package knows
// nothing of the Vault side, whose tests run the commands.
const (
	rolesPrefix      = "roles/"
	clientsPrefix    = "clients/"
	exceptionsPrefix = "exceptions/"
	keysPrefix       = "keys/"
	signersPrefix    = "signers/"
	driftPath        = "report/drift"
	probePath        = "probe"
	configPath       = "config"
	connectionPath   = "config/connection"
	guardrailsPath   = "config/guardrails"
	replaceRootPath  = "config/replace-root"
)

// byHand is a comment line with what only a person can do, in the Paxos Dashboard.
func byHand(format string, values ...any) string {
	return "# in the Paxos Dashboard, Admin > API Management: " + fmt.Sprintf(format, values...)
}

// bareWord matches the words that a shell takes as they are. Every other word is quoted.
var bareWord = regexp.MustCompile(`^[A-Za-z0-9_./:@,=+-]+$`)

// command is a vault command of these words. People paste it into a shell, so a word must never be
// anything but that word there. Some of the words come from others.
func command(words ...string) string {
	line := "vault"
	for _, word := range words {
		if !bareWord.MatchString(word) {
			word = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
		line += " " + word
	}
	return line
}
