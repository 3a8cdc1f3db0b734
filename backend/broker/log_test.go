package broker_test

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen, before it fails.
const patience = 20 * time.Second

// A record is a log that can be waited on: it is how a test hears of what happens in the background.
type record struct {
	mu    sync.Mutex
	text  strings.Builder
	lines chan string
}

// newRecord returns a log with room for all the lines of a test.
func newRecord() *record { return &record{lines: make(chan string, 10_000)} }

// Write takes one line from the logger.
func (r *record) Write(line []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text.Write(line)
	r.lines <- string(line)
	return len(line), nil
}

// String is all that was logged.
func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// await waits for the next line that holds the text, skipping others.
func (r *record) await(t *testing.T, text string) {
	t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case line := <-r.lines:
			if strings.Contains(line, text) {
				return
			}
		case <-timeout:
			t.Fatalf("nobody logged %q; the log is:\n%s", text, r)
		}
	}
}
