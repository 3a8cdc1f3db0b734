package page

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// The programs whose commands cannot be run on a machine that has only Vault. A block that is not run
// begins with one of them.
var notHere = []string{"kubectl", "terraform", "tofu", "docker", "systemctl", "helm", "bao", "apt",
	"promtool"}

// The names of shells, under which a block is not run. It may be a file.
var shells = []string{"sh", "bash", "zsh", "shell-session", "sh-session", "shellsession"}

// placeholder matches what a reader would have to replace before a command works, such as <Key ID>.
var placeholder = regexp.MustCompile(`(?:^|[^<])(<[A-Za-z](?:[A-Za-z0-9 _-]*[A-Za-z0-9])?>)`)

// ignoring matches what makes the shell go on after a command that failed.
var ignoring = regexp.MustCompile(`(?m)(?:^|[;&|({ ])set +\+[a-z]*e|\btrap - ERR\b`)

// check pairs answers with the blocks that print them, and returns an error for each block that is not
// as a page must have it.
func (p *Page) check() (errs []error) {
	for i, b := range p.Blocks {
		complaint := ""
		switch b.Kind {
		case Run, Hidden:
			complaint = b.checkRun()
		case Norun:
			complaint = p.checkNorun(b)
		case Console:
			complaint = p.pair(i)
		case Other:
			complaint = b.checkOther()
		}
		if complaint != "" {
			errs = append(errs, fmt.Errorf("%s:%d: %s", p.Path, b.Line, complaint))
		}
	}
	for _, b := range p.Blocks {
		if b.Fails && b.Answer == nil {
			errs = append(errs, fmt.Errorf("%s:%d: a block that fails must show its error in a console block", p.Path, b.Line))
		}
	}
	return errs
}

// checkRun returns what is wrong with a block that is run; empty: nothing.
func (b *Block) checkRun() string {
	if len(b.commands()) == 0 {
		return "the block has no command"
	}
	if b.Kind == Hidden {
		return ""
	}
	return b.checkCommands()
}

// checkNorun returns what is wrong with a block that is not run.
func (p *Page) checkNorun(b *Block) string {
	commands := b.commands()
	switch {
	case filepath.Clean(p.Path) == "README.md":
		return "README has no block that is not run"
	case b.Fails:
		return "a block that is not run cannot fail"
	case len(commands) == 0 || !slices.Contains(notHere, commands[0]):
		return "only a block that begins with one of these may be norun: " + strings.Join(notHere, ", ")
	}
	return b.checkCommands()
}

// checkCommands returns what in the commands nobody can type as it is.
func (b *Block) checkCommands() string {
	if strings.Contains(b.Text, "…") {
		return "a shell block must not have …: use a variable or a file"
	}
	if ignoring.MatchString(b.Text) {
		return "a shell block must not have set +e: the commands after it could fail unseen"
	}
	if found := placeholder.FindStringSubmatch(b.Text); found != nil {
		return fmt.Sprintf("a shell block must not have the placeholder %s: use a variable or a file", found[1])
	}
	return ""
}

// checkOther returns what is wrong with a block that is neither run nor compared.
func (b *Block) checkOther() string {
	switch {
	case b.Language == "":
		return "a block must have a language; text, if it has none"
	case slices.Contains(shells, b.Language) && b.File == "":
		return fmt.Sprintf("a block of %s must be a file (file=NAME), or shell, which is run", b.Language)
	}
	return ""
}

// pair makes an answer the answer of the block before it, and returns what is wrong with that.
func (p *Page) pair(i int) string {
	b := p.Blocks[i]
	if i == 0 || p.Blocks[i-1].Kind != Run {
		return "a console block must follow the shell block that prints it"
	}
	if strings.Trim(b.Text, " \n…") == "" {
		return "the console block shows nothing"
	}
	p.Blocks[i-1].Answer = b
	return ""
}

// commands returns the words of the block without its comment lines.
func (b *Block) commands() (words []string) {
	for line := range strings.Lines(b.Text) {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			words = append(words, strings.Fields(line)...)
		}
	}
	return words
}
