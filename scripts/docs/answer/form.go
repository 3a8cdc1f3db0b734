package answer

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// widest is how many columns a line of a page may have.
const widest = 100

// shown is how many characters of a token a page shows.
const shown = 12

// The tokens and hashes that are shortened in a page.
var long = regexp.MustCompile(`\bhmac-sha256:[0-9a-f]{64}\b|\b(?:eyJ[A-Za-z0-9_.-]{20,}|hv[sbr]\.[A-Za-z0-9_-]{12,})|[A-Za-z0-9_-]{43}\.[A-Za-z0-9_-]{43}`)

// columns matches a line of a table, up to its second column.
var columns = regexp.MustCompile(`^\S+ {2,}`)

// Form returns what a command printed in the form that a page has: tokens are shortened, tabs become
// spaces, and long lines are wrapped. The indent is how far the block is indented in the page.
func Form(run string, indent int) string {
	run = strings.ReplaceAll(run, "\t", "  ")
	run = long.ReplaceAllStringFunc(run, func(token string) string {
		return token[:strings.Index(token, ":")+1+shown] + "…"
	})
	var b strings.Builder
	for line := range strings.Lines(run) {
		b.WriteString(wrap(strings.TrimRight(line, " \r\n"), widest-indent) + "\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// wrap breaks a line where it has spaces. What follows is indented, in a table to the second column.
func wrap(line string, width int) string {
	hanging := strings.Repeat(" ", len(line)-len(strings.TrimLeft(line, " "))+2)
	if name := columns.FindString(line); name != "" && len(name) < width/3 {
		hanging = strings.Repeat(" ", len(name))
	}
	var b strings.Builder
	for utf8.RuneCountInString(line) > width {
		at := strings.LastIndex(string([]rune(line)[:width+1]), " ")
		if at <= len(hanging) {
			at = strings.Index(line[len(hanging):], " ") + len(hanging)
		}
		if at < len(hanging) || strings.TrimSpace(line[:at]) == "" {
			break
		}
		b.WriteString(strings.TrimRight(line[:at], " ") + "\n")
		line = hanging + strings.TrimLeft(line[at:], " ")
	}
	return b.String() + line
}
