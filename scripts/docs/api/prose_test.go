package main

import (
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/framework"
)

// TestMarked checks what becomes a code span.
func TestMarked(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Readers of creds/<name> and token/<name> get one.": "Readers of `creds/<name>` and `token/<name>` get one.",
		"idle_ttl after its last lease has ended":           "`idle_ttl` after its last lease has ended",
		"fiat:<fiat account id> or * for all":               "`fiat:<fiat account id>` or `*` for all",
		"so use a read: vault read paxos/roles limit=100":   "so use a read: `vault read paxos/roles limit=100`",
		"keys count with accepted=\"true\", always":         "keys count with `accepted=\"true\"`, always",
		"Admin > API Management, and/or elsewhere":          "Admin > API Management, and/or elsewhere",
		"its author marked `a b`, so a_b stays":             "its author marked `a b`, so a_b stays",
	} {
		if got := marked(text); got != want {
			t.Errorf("%s\nbecame %s\nwant   %s", text, got, want)
		}
	}
}

// TestHelp checks that help keeps its definitions and leaves out commands.
func TestHelp(t *testing.T) {
	t.Parallel()
	got := help("\nThere are two\nkinds:\n\n    a   one\n    b   two\n\nWrite it:\n\n    vault write x\n\nThe end.\n")
	want := "There are two kinds:\n\n```text\na   one\nb   two\n```\n\nWrite it.\n\nThe end.\n\n"
	if got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// TestWrapped checks that lines end in time and that none begins a list by accident.
func TestWrapped(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ninechars ", 9) + "at most 1. And no more"
	for line := range strings.Lines(wrapped(long, "  ")) {
		if strings.HasPrefix(strings.TrimSpace(line), "1.") || len(strings.TrimSpace(line)) > widest+len(" 1.") {
			t.Errorf("line %q", line)
		}
	}
	if got := wrapped(strings.Repeat("ninechars ", 11), "  "); got !=
		strings.TrimSpace(strings.Repeat("ninechars ", 10))+"\n  ninechars\n" {
		t.Errorf("got %q", got)
	}
}

// TestNewField checks that a description is taken apart at its last sentences.
func TestNewField(t *testing.T) {
	t.Parallel()
	for description, want := range map[string]string{
		"How long. 0: at once. Default: the mount's. Example: 15m.": "(duration, default: the mount's) – How long. " +
			"0: at once. Example: `15m`.",
		"Its Client ID. Required. Example: 6361-ab.": "(duration, required) – Its Client ID. Example: `6361-ab`.",
		"Nothing else is known of it.":               "(duration) – Nothing else is known of it.",
	} {
		f := newField("x", &framework.FieldSchema{Type: framework.TypeDurationSecond, Description: description})
		if got := strings.ReplaceAll(f.parameter(), "\n  ", " "); got != "- `x` "+want+"\n" {
			t.Errorf("%q became\n%q, want\n%q", description, got, want)
		}
	}
}

// TestReplaceGenerated checks that what people wrote stays, and that a page without marks is refused.
func TestReplaceGenerated(t *testing.T) {
	t.Parallel()
	written := "before\n" + begin + "\n\nold\n\n" + end + "\n\n## Samples\n"
	got, err := replaceGenerated(written, "new")
	if want := strings.Replace(written, "old", "new", 1); err != nil || got != want {
		t.Errorf("got %q, %v\nwant %q", got, err, want)
	}
	for _, damaged := range []string{"", begin, end, "## Samples\n"} {
		if text, err := replaceGenerated(damaged, "new"); err == nil {
			t.Errorf("%q became %q", damaged, text)
		}
	}
}
