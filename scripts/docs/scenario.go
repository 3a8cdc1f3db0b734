package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"vault-plugin-secrets-paxos/scripts/docs/answer"
	"vault-plugin-secrets-paxos/scripts/docs/page"
)

// A scenario is a page that is run.
type scenario struct {
	*page.Page
	settings settings
	shell    shell
	names    *translation
	updates  map[*page.Block]string // what the console blocks should have
	run      int                    // blocks that were run
	answers  []printed              // what was compared with console blocks
}

// A printed answer is what a block had printed when it was compared.
type printed struct {
	*page.Block
	path   string // of the file with the output
	output string
}

// setUp runs the script of the page.
func (s *scenario) setUp(ctx context.Context, t *tools) error {
	text := ". " + filepath.Join(t.library(), "lib.sh") + "\n"
	if script := scriptOf(s.Path); script != "" {
		text += ". " + filepath.Join(t.repository, script) + "\n"
	}
	output, err := s.shell.run(ctx, text, false)
	if err != nil {
		return fmt.Errorf("the set-up script of %s: %w\n%s", s.Path, err, output)
	}
	return nil
}

// blocks runs the blocks of the page.
func (s *scenario) blocks(ctx context.Context) error {
	files := ""
	var all error
	for _, b := range s.Blocks {
		switch {
		case b.File != "":
			files += s.saving(b)
		case b.Kind == page.Run || b.Kind == page.Hidden:
			fatal, err := s.block(ctx, b, files)
			files = ""
			all = errors.Join(all, err)
			if fatal {
				return all
			}
		}
	}
	return errors.Join(all, s.end(ctx))
}

// end calls the function check_page, if the script of the page has one.
func (s *scenario) end(ctx context.Context) error {
	output, err := s.shell.run(ctx, "if declare -F check_page >/dev/null; then check_page; fi\n", false)
	if err != nil {
		return fmt.Errorf("%s: check_page: %w\n%s", s.Path, err, quote(output))
	}
	return nil
}

// late returns an error for each answer to which a program in the background added something after it was
// compared.
func (s *scenario) late() (all error) {
	for _, a := range s.answers {
		if text, err := os.ReadFile(a.path); err != nil || string(text) != a.output {
			all = errors.Join(all, s.failure(a.Block, "a program in the background printed more after the block ended: "+
				"send its output to a file", string(text)), err)
		}
	}
	return all
}

// saving returns the commands that write the block to its file.
func (s *scenario) saving(b *page.Block) string {
	const end = "docs-end-of-file"
	return fmt.Sprintf("mkdir -p \"$(dirname %[1]s)\"; cat >%[1]s <<'%[2]s'\n%[3]s%[2]s\n", b.File, end,
		s.names.toRun(b.Text))
}

// block runs a block and compares its answer. After a block that did not do what it should have done, the
// page cannot go on.
func (s *scenario) block(ctx context.Context, b *page.Block, files string) (fatal bool, err error) {
	if files != "" {
		if output, err := s.shell.run(ctx, files, false); err != nil {
			return true, s.failure(b, "saving the files before this block: "+err.Error(), output)
		}
	}
	if err := s.readNames(); err != nil {
		return true, err
	}
	output, err := s.shell.run(ctx, s.names.toRun(b.Text), b.Fails)
	if b.Answer != nil {
		s.answers = append(s.answers, printed{b, s.shell.path(".out"), output})
	}
	output = s.names.toPage(output)
	var failed *stepError
	if errors.As(err, &failed) {
		return true, s.failureAt(b, failed.line, failed.reason, output)
	}
	if err != nil {
		return true, err
	}
	if b.Kind == page.Run {
		s.run++
	}
	return false, s.compare(b, output)
}

// compare compares what a block printed with what the page shows.
func (s *scenario) compare(b *page.Block, output string) error {
	if hidden := hiddenFailure(b, output, s.shell.failures()); hidden != "" {
		return s.failure(b, "a command failed inside the block: "+hidden, output)
	}
	if b.Answer == nil {
		return nil
	}
	difference := answer.Compare(b.Answer.Text, output, s.Typed)
	if difference == "" {
		return nil
	}
	form := answer.Form(output, b.Answer.Indent())
	if s.settings.update {
		s.updates[b.Answer] = form
		return nil
	}
	return s.failure(b.Answer, difference, answer.Diff(b.Answer.Text, form))
}

// failure returns the error that a block is not as the page says.
func (s *scenario) failure(b *page.Block, reason, output string) error {
	return s.failureAt(b, 0, reason, output)
}

// failureAt is like failure, for a line of the block.
func (s *scenario) failureAt(b *page.Block, line int, reason, output string) error {
	at, text := b.Line, b.Text
	if line > 0 && line <= b.Lines() {
		at += line - 1
	}
	if b.Kind == page.Console {
		return fmt.Errorf("%s:%d: %s\n%s", s.Path, at, reason, quote(output))
	}
	return fmt.Errorf("%s:%d: %s\n%s  it printed:\n%s", s.Path, at, reason, quote(text), quote(output))
}

// quote indents a text.
func quote(text string) string {
	if text == "" {
		text = "(nothing)"
	}
	return "    " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n    ") + "\n"
}

// readNames reads what the page's scripts have said that texts of the page stand for.
func (s *scenario) readNames() error {
	text, err := os.ReadFile(filepath.Join(s.shell.folder, "names"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok || name == "" || value == "" {
			return fmt.Errorf("stands_for: %q", line)
		}
		s.names.set(name, value)
	}
	return nil
}
