package report

import (
	"fmt"
	"regexp"
	"strings"
)

// The paths of a mount that commands name. The tests run these commands.
const (
	rolesPrefix      = "roles/"
	clientsPrefix    = "clients/"
	exceptionsPrefix = "exceptions/"
	configPath       = "config"
	connectionPath   = "config/connection"
	guardrailsPath   = "config/guardrails"
	replaceRootPath  = "config/replace-root"
)

// byHand is a fix that only a person can make, at Paxos.
func byHand(format string, values ...any) string {
	return "# in the Paxos Dashboard, Admin > API Management: " + fmt.Sprintf(format, values...)
}

// bareWord is what no shell takes for anything but a word.
var bareWord = regexp.MustCompile(`^[A-Za-z0-9_./:@,=+-]+$`)

// command is a vault command of these words, to be pasted into a shell.
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
