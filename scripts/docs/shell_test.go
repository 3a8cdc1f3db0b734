package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// startTestShell starts a shell whose steps may take as long as the limit.
func startTestShell(t *testing.T, limit time.Duration) *shell {
	t.Helper()
	s := &shell{folder: t.TempDir(), limit: limit}
	if err := s.start(t.TempDir(), []string{"from_outside=yes"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

// TestSteps runs steps one after the other in one shell. Each must print this, and be judged like this.
func TestSteps(t *testing.T) {
	t.Parallel()
	s := startTestShell(t, time.Minute)
	for _, step := range []struct {
		name, text string
		fails      bool
		output     string
		want       string // the error; empty: none
	}{
		{"a variable", "a=1\necho $from_outside", false, "yes\n", ""},
		{"a variable of before", "echo $a; echo error >&2", false, "1\nerror\n", ""},
		{"a directory", "mkdir deep; cd deep", false, "", ""},
		{"a directory of before", `basename "$PWD"; cd ..`, false, "deep\n", ""},
		{"a function", "f() { false; echo not reached; }", false, "", ""},
		{"a function that fails", "f", true, "", ""},
		{"a function that must not fail in a condition", "if f; then echo yes; fi", false, "not reached\nyes\n", ""},
		{"a command that fails first", "false; echo not reached", true, "", ""},
		{"a pipeline that fails first", "false | cat", true, "", ""},
		{"a block that must fail and does not", "echo fine", true, "fine\n", "must fail, and did not"},
		{"exit in a block that must fail", "exit 3", true, "", ""},
		{"a here-document", "cat <<EOF\n$a\nEOF", false, "1\n", ""},
		{"a comment at the end", "echo x # the end", false, "x\n", ""},
		{"standard input", "cat; read -r line || echo end", false, "end\n", ""},
		{"break outside a loop", "break 2>/dev/null; echo on", false, "on\n", ""},
		{"a loop", "for i in 1 2; do echo $i; [ $i = 1 ] || break; done", false, "1\n2\n", ""},
		{"more that is allowed", "set +e; false; echo on", false, "on\n", ""},
		{"options do not stay", "false", true, "", ""},
		{"a background job", "sleep 60 & echo $! >pid", false, "", ""},
		{"output that stays", "exec >other", false, "", ""},
		{"output of the next step", "echo x", false, "x\n", ""},
		{"return", "echo x\nreturn\necho y", false, "x\n", "stopped before its end"},
		{"here-document without an end", "cat <<EOF\nx", false, "*", "stopped before its end"},
		{"line that goes on", "echo x \\", false, "*", "stopped before its end"},
		{"a last command that fails", "false && true", false, "", "last command of the block failed with status 1"},
	} {
		output, err := s.run(t.Context(), step.text, step.fails)
		if step.output != "*" && output != step.output {
			t.Errorf("%s: printed %q, want %q", step.name, output, step.output)
		}
		if step.want == "" && err != nil || step.want != "" && (err == nil || !strings.Contains(err.Error(), step.want)) {
			t.Errorf("%s: %v, want %q", step.name, err, step.want)
		}
	}
}

// TestStepsThatEndTheShell checks what is said of them, with the line that failed, and that nothing runs
// after them.
func TestStepsThatEndTheShell(t *testing.T) {
	t.Parallel()
	for _, step := range []struct {
		text, output, want string
		line               int
	}{
		{"echo x\nfalse\necho y", "x\n", "a command failed", 2},
		{"false | cat\necho y", "", "a command failed", 1},
		{"f() {\n  false\n  echo y\n}\nf", "", "a command failed", 2},
		{"a=$(false)\necho y", "", "a command failed", 1},
		{"exit 0", "", "ended the shell", 0},
		{"exec true", "", "ended the shell", 0},
		{"kill -KILL $$", "", "ended the shell", 0},
		{"if true; then\necho x", "*", "", 0}, // bash says what is wrong
	} {
		s := startTestShell(t, time.Minute)
		output, err := s.run(t.Context(), step.text, false)
		var failed *stepError
		if !errors.As(err, &failed) || !strings.Contains(failed.reason, step.want) || failed.line != step.line &&
			step.want != "" {
			t.Errorf("%q: %+v, want %q in line %d", step.text, failed, step.want, step.line)
		}
		if step.output != "*" && output != step.output {
			t.Errorf("%q: printed %q", step.text, output)
		}
		if step.want == "ended the shell" || step.want == "a command failed" {
			if output, err := s.run(t.Context(), "echo again", false); err == nil || output != "" {
				t.Errorf("%q: the next step printed %q: %v", step.text, output, err)
			}
		}
	}
}

// TestLimit runs a step that does not end, and checks that it is ended with the shell.
func TestLimit(t *testing.T) {
	t.Parallel()
	s := startTestShell(t, 200*time.Millisecond)
	_, err := s.run(t.Context(), "sleep 600 & echo $! >pid; wait", false)
	if err == nil || !strings.Contains(err.Error(), "did not end within 200ms") {
		t.Errorf("%v", err)
	}
	s.close()
	expectEnded(t, s)
}

// expectEnded checks that the process whose id is in the file pid has ended.
func expectEnded(t *testing.T, s *shell) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.command.Dir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := stack.Await(ctx, 10*time.Millisecond, func() error { return stack.Ended(pid) }); err != nil {
		t.Errorf("process %d of the step is left: %v", pid, err)
	}
}

// TestInterruption checks that a step ends with the context.
func TestInterruption(t *testing.T) {
	t.Parallel()
	s := startTestShell(t, time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.run(ctx, "sleep 600", false); err == nil || !strings.Contains(err.Error(), "was interrupted") {
		t.Errorf("%v", err)
	}
}

// TestCloseEndsBackground checks that programs which a step has started in the background end with the shell.
func TestCloseEndsBackground(t *testing.T) {
	t.Parallel()
	s := startTestShell(t, time.Minute)
	if output, err := s.run(t.Context(), "sh -c 'trap \"\" TERM; echo ready; sleep 600' & echo $! >pid",
		false); err != nil {
		t.Fatal(output, err)
	}
	s.close()
	expectEnded(t, s)
}
