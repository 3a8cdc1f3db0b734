package main

import (
	"fmt"
	"strings"
	"time"
)

// A figure is something that the demo has measured.
type figure struct{ value, text string }

// summarize prints all figures in a table.
func (s *story) summarize(took time.Duration) {
	values := 0
	for _, each := range s.figures {
		values = max(values, len(each.value))
	}
	fmt.Fprintf(s.out, "\nMeasured in this run:\n\n")
	for _, each := range s.figures {
		fmt.Fprintf(s.out, "%s%*s  %s\n", commandIndent, values, each.value, each.text)
	}
	fmt.Fprintf(s.out, "\n%s\nAll %d steps passed in %s.\n", strings.Repeat("-", width), s.number,
		took.Round(100*time.Millisecond))
}
