package main

import (
	"fmt"
	"strings"
	"time"
)

// A figure is something that a step has measured.
type figure struct{ name, text string }

// summarize prints a table with what each step has measured.
func (s *story) summarize(took time.Duration) {
	fmt.Fprintf(s.out, "\n%s\nMeasured in this run (200, 401 and the like are HTTP statuses):\n\n",
		strings.Repeat("-", width))
	const indent, second = 2, 24
	for i := 0; i < len(s.figures); {
		name, texts := s.figures[i].name, []string{}
		for ; i < len(s.figures) && s.figures[i].name == name; i++ {
			texts = append(texts, s.figures[i].text)
		}
		for n, line := range wrap(strings.Join(texts, "; "), width-second) {
			if n > 0 {
				name = ""
			}
			fmt.Fprintf(s.out, "%*s%-*s%s\n", indent, "", second-indent, name, line)
		}
	}
	fmt.Fprintf(s.out, "\nAll %d steps passed in %s.\n", s.number, took.Round(100*time.Millisecond))
}
