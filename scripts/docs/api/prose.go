package main

import (
	"regexp"
	"slices"
	"strings"
)

// widest is how many columns a line of a page has at most, where it can be broken.
const widest = 100

// help makes Markdown of a help text. Indented text stays as it is. Commands are left out: the
// samples of the page show them, and are run.
func help(text string) string {
	var blocks []string
	for block := range strings.SplitSeq(text, "\n\n") {
		block = strings.Trim(block, "\n")
		switch {
		case block == "":
		case !strings.HasPrefix(block, " "):
			blocks = append(blocks, paragraph(block))
		case !isCommand(block):
			blocks = append(blocks, "```text\n"+unindented(block)+"\n```")
		case len(blocks) > 0:
			last := len(blocks) - 1
			if before, announced := strings.CutSuffix(blocks[last], ":"); announced {
				blocks[last] = before + "."
			}
		}
	}
	return strings.Join(append(blocks, ""), "\n\n")
}

// isCommand reports whether an indented block consists of commands.
func isCommand(block string) bool {
	first, _, _ := strings.Cut(strings.TrimSpace(block), " ")
	return first == "vault" || first == "curl" || first == "echo"
}

// unindented takes off the indent of the first line from every line.
func unindented(block string) string {
	indent := block[:len(block)-len(strings.TrimLeft(block, " "))]
	lines := strings.Split(block, "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], indent)
	}
	return strings.Join(lines, "\n")
}

// paragraph is prose as Markdown, without a line break at its end.
func paragraph(text string) string {
	return strings.TrimSuffix(wrapped(marked(text), ""), "\n")
}

// marked puts what is no English into code spans: names with an underscore, placeholders, patterns,
// settings, paths and commands. Otherwise Markdown would take some of it for markup.
func marked(text string) string {
	if strings.Contains(text, "`") {
		return text // the author marked it
	}
	words := wordsOf.FindAllString(text, -1)
	all := make([]string, len(words))
	for i, word := range words {
		all[i] = word
		parts := affixes.FindStringSubmatch(word)
		if strings.Count(parts[2], `"`) == 1 && strings.HasPrefix(parts[3], `"`) {
			// The quotation mark after the word belongs to it, as in accepted="true".
			parts[2], parts[3] = parts[2]+parts[3][:1], parts[3][1:]
		}
		command := i > 0 && isVaultCommand(words[i-1:i+1]) || i+1 < len(words) && isVaultCommand(words[i:i+2])
		if command || identifier.MatchString(parts[2]) {
			all[i] = parts[1] + "`" + parts[2] + "`" + parts[3]
		}
	}
	return strings.ReplaceAll(strings.Join(all, " "), "` `", " ")
}

// isVaultCommand reports whether two words are the beginning of a command.
func isVaultCommand(words []string) bool {
	return words[0] == "vault" && slices.Contains([]string{"read", "write", "list", "patch", "delete"}, words[1])
}

var (
	wordsOf    = regexp.MustCompile(`(?:<\w[^<>]*>|\S)+`) // a placeholder may have spaces: <Key ID>
	affixes    = regexp.MustCompile(`^([("']*)(.*?)([)"'.,;:?]*)$`)
	identifier = regexp.MustCompile(`[_*=]|<.|://|^(` + strings.Join(tops, "|") + `)/`)
)

// tops are the first words of paths, by which a path is told from words with a slash between them.
var tops = []string{"clients", "config", "creds", "exceptions", "keys", "operations", "paxos", "report", "revocations",
	"roles", "scope-sets", "scopes", "sign", "signers", "sys", "token"}

// quoted is an example as a code span.
func quoted(example string) string {
	if strings.Contains(example, "`") {
		return example
	}
	return "`" + example + "`"
}

// wrapped breaks text into lines; lines after the first begin with indent. A code span may be
// broken, since Markdown takes the line break in it for a space.
func wrapped(text, indent string) string {
	var all strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		width := len([]rune(word))
		switch {
		case column == 0:
		case column+1+width > widest && !opensBlock.MatchString(word):
			all.WriteString("\n" + indent)
			column = len(indent)
		default:
			all.WriteString(" ")
			column++
		}
		all.WriteString(word)
		column += width
	}
	return all.String() + "\n"
}

// opensBlock matches the words that would begin a list or a heading at the start of a line.
var opensBlock = regexp.MustCompile(`^([-+*#]+|\d+[.)])$`)
