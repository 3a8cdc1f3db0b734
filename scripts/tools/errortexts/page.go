package main

import (
	"fmt"
	"slices"
	"strings"
)

// mark is the line after which the program writes.
const mark = "<!-- errortexts -->"

// columns is the most that a line of the page has.
const columns = 100

// A page is the page of error texts.
type page struct {
	byHand string          // up to the mark, and with it
	shown  map[string]bool // the texts of the part by hand, in their normal form
	others map[string]bool // those of the part that the program writes
}

// readPage reads a page.
func readPage(written string) page {
	byHand, others, _ := strings.Cut(written, mark+"\n")
	return page{byHand + mark + "\n", entries(byHand), entries(others)}
}

// entries returns the texts in the blocks of a part of the page, in their normal form.
func entries(part string) map[string]bool {
	found := map[string]bool{}
	inside, latest := false, ""
	end := func() {
		if latest != "" {
			found[normal(latest)] = true
		}
		latest = ""
	}
	for line := range strings.Lines(part) {
		switch fence := strings.HasPrefix(line, "```"); {
		case fence && !inside:
			inside = strings.TrimSpace(line) == "```text"
		case fence:
			end()
			inside = false
		case inside && strings.HasPrefix(line, " "):
			latest += " " + line
		case inside:
			end()
			latest = line
		}
	}
	return found
}

// compare returns what is wrong with the page.
func (p page) compare(texts []text) (problems []string) {
	known := map[string]bool{}
	for _, one := range texts {
		known[normal(one.words)] = true
		if !p.shown[normal(one.words)] && !p.others[normal(one.words)] {
			problems = append(problems, fmt.Sprintf("lacks this text of %s: %s", one.file, one.words))
		}
	}
	for _, part := range []map[string]bool{p.shown, p.others} {
		for shown := range part {
			if !known[shown] {
				problems = append(problems, "no error has this text any more: "+shown)
			}
		}
	}
	slices.Sort(problems)
	return problems
}

// explained returns how many of the texts the part by hand shows.
func (p page) explained(texts []text) (count int) {
	for _, one := range texts {
		if p.shown[normal(one.words)] {
			count++
		}
	}
	return count
}

// withOthers returns the page with all texts that the part by hand does not show.
func (p page) withOthers(texts []text) string {
	byTopic := map[int][]text{}
	for _, one := range texts {
		if !p.shown[normal(one.words)] {
			byTopic[topicOf(one)] = append(byTopic[topicOf(one)], one)
		}
	}
	var b strings.Builder
	b.WriteString(p.byHand)
	for i, t := range topics {
		if len(byTopic[i]) == 0 {
			continue
		}
		b.WriteString("\n### " + t.title + "\n")
		status := -1
		for _, one := range byTopic[i] {
			if one.status != status {
				if status >= 0 {
					b.WriteString("```\n")
				}
				status = one.status
				b.WriteString("\n" + heading(status) + "\n\n```text\n")
			}
			b.WriteString(wrapped(one.words))
		}
		b.WriteString("```\n")
	}
	return b.String()
}

// heading says which status the texts below it have.
func heading(status int) string {
	if status == 0 {
		return "With the status of the cause:"
	}
	return fmt.Sprintf("Status %d:", status)
}

// wrapped breaks a text into lines. All but the first are indented.
func wrapped(words string) string {
	var b strings.Builder
	width := 0
	for i, one := range strings.Fields(words) {
		switch {
		case i == 0:
		case width+1+len(one) > columns:
			b.WriteString("\n ")
			width = 1
			fallthrough
		default:
			b.WriteString(" ")
			width++
		}
		b.WriteString(one)
		width += len(one)
	}
	return b.String() + "\n"
}
