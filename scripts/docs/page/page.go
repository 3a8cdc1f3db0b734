package page

import (
	"errors"
	"os"
	"slices"
	"strings"
)

// A Page is a page of the documentation.
type Page struct {
	Path   string
	Blocks []*Block // in their order

	text string
}

// Read reads the page. The error names everything in it that is not as a page must have it.
func Read(path string) (*Page, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, string(text))
}

// Parse reads the text of the page that has this path.
func Parse(path, text string) (*Page, error) {
	r := reader{path: path}
	for line := range strings.Lines(text) {
		r.read(strings.TrimRight(line, "\r\n"))
	}
	r.end()
	p := &Page{Path: path, Blocks: r.blocks, text: text}
	return p, errors.Join(append(r.errs, p.check()...)...)
}

// Count returns how many blocks of this kind the page has.
func (p *Page) Count(kind Kind) (count int) {
	for _, b := range p.Blocks {
		if b.Kind == kind {
			count++
		}
	}
	return count
}

// Runs reports whether anything of the page is run.
func (p *Page) Runs() bool { return p.Count(Run)+p.Count(Hidden) > 0 }

// Typed reports whether a reader of the page types the text or saves it in a file.
func (p *Page) Typed(text string) bool {
	return slices.ContainsFunc(p.Blocks, func(b *Block) bool {
		return (b.Kind == Run || b.File != "") && strings.Contains(b.Text, text)
	})
}

// Rewrite returns the page with other texts in these blocks.
func (p *Page) Rewrite(texts map[*Block]string) string {
	lines := strings.SplitAfter(p.text, "\n")
	for _, b := range slices.Backward(p.Blocks) {
		text, ok := texts[b]
		if !ok {
			continue
		}
		var replacement []string
		for line := range strings.Lines(text) {
			if line != "\n" {
				line = strings.Repeat(" ", b.indent) + line
			}
			replacement = append(replacement, line)
		}
		lines = slices.Replace(lines, b.Line-1, b.Line-1+b.lines, replacement...)
	}
	return strings.Join(lines, "")
}
