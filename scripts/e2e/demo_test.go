package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// wholeDemo runs all steps of the demo once. It returns what the demo has printed, if all steps passed and
// nothing is left.
var wholeDemo = sync.OnceValues(func() (string, error) {
	d, err := startDemo(nil, nil)
	if err != nil {
		return "", err
	}
	code, err := d.wait()
	if left := d.leftovers(); err != nil || code != 0 || len(left) > 0 {
		return "", fmt.Errorf("exit code %d, %s, left are %q:\n%s", code, fmt.Sprint(err), left, d.output)
	}
	return d.output.String(), nil
})

// promised is what the last table of the demo must say. README promises each of these.
var promised = []string{
	`Credentials +secret_verified is true`,
	`Role by operations +2 operations, 2 scopes`,
	`100 readers at once +100 leases; 1 token; 1 token request at Paxos`,
	`Use of the token +200 for an operation of the role; 403 for another operation`,
	`Narrowed request +200 with a scope that it asked for; 403 without; 400 for more than the\s+role has`,
	`End of the leases +200 after the first lease has ended; 401 after the last`,
	`Guardrails +403 for a role that exceeds them`,
	`Killed plugin +2 reads got the same token; 1 token request at Paxos`,
	`Policy +403 for another path`,
	`Vault Agent +200 at Paxos for the token in its file`,
	`Rotated root client +401 for the old secret; 4 reads got the same token up to now`,
	`Signing key +signatures are enforced at Paxos`,
	`Payments +200 for 100 USDC; 403 for 1,000,000 USDC`,
	`Forged payments +401 without a signature; 401 with the signature of another amount`,
	`Daily limit +403 for the eleventh payment; 10 payments executed by Paxos`,
	`Leaked token +it belongs to the role treasury; 1 token revoked; 401 at Paxos\s+afterwards`,
	`Recovery of Agent +a new token after \d+ seconds; 200 at Paxos`,
	`Leased client +400 for a second reader`,
	`End of its lease +401 at Paxos for the secret of the last holder`,
	`Lockdown +[1-9]\d* tokens revoked; 403 for a reader; 403 for a payment`,
	`Report +[1-9]\d* findings, each with a remedy`,
	`Logs +[1-9]\d+ secrets, tokens and signatures searched for; 0 found; [1-9]\d+ lines in\s+the audit log`,
	`Disabled mount +0 of [1-9]\d* tokens still valid`,
}

// TestDemoShowsWhatIsPromised runs the demo, and checks that its table has a measured figure for each
// promise.
func TestDemoShowsWhatIsPromised(t *testing.T) {
	t.Parallel()
	printed, err := wholeDemo()
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(printed, "Measured in this run")
	for _, pattern := range promised {
		if !regexp.MustCompile(`(?m)^  ` + pattern + `$`).MatchString(table) {
			t.Errorf("the table has no row %s", pattern)
		}
	}
	if rows := regexp.MustCompile(`(?m)^  \S`).FindAllString(table, -1); len(rows) != len(promised) {
		t.Errorf("the table has %d rows, not %d", len(rows), len(promised))
	}
	if !strings.Contains(table, "All 25 steps passed in ") {
		t.Errorf("it does not say that all steps passed:\n%s", table)
	}
}

// secretLike matches what looks like a token of Vault, a token of Paxos or a client secret.
var secretLike = regexp.MustCompile(`hvs\.\S+|\b[A-Za-z0-9_-]{40,}\b`)

// TestDemoPrintsNoSecret checks that no token or secret is in the output. It fits into a terminal of 96
// columns.
func TestDemoPrintsNoSecret(t *testing.T) {
	t.Parallel()
	printed, err := wholeDemo()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(printed) {
		line = strings.TrimSuffix(line, "\n")
		for _, word := range secretLike.FindAllString(line, -1) {
			if strings.Trim(word, "-0ax") != "" { // a line, and an address of zeros
				t.Errorf("this may be a secret: %s", word)
			}
		}
		if len(line) > 96 {
			t.Errorf("the line is too long: %s", line)
		}
	}
}

// TestInterruptedDemoLeavesNothing interrupts the demo while programs run in the background.
func TestInterruptedDemoLeavesNothing(t *testing.T) {
	t.Parallel()
	d, err := startDemo(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	d.says(t, "\n12. ") // Vault Agent runs
	if code := d.interrupt(t); code != 1 || !strings.HasSuffix(d.output.String(), "\ndemo: interrupted\n") {
		t.Errorf("exit code %d:\n%s", code, d.output)
	}
	if left := d.leftovers(); len(left) > 0 {
		t.Errorf("left are %q", left)
	}
}

// TestFailedDemoSaysWhichStep breaks one command of the demo, by a jq that fails once.
func TestFailedDemoSaysWhichStep(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	const broken = `#!/bin/sh
case "$*" in *role.json*) echo 'jq: broken' >&2; exit 5;; esac
PATH=${PATH#*:*:} exec jq "$@" # without the directory of Vault and that of this jq
`
	if err := os.WriteFile(filepath.Join(directory, "jq"), []byte(broken), 0o700); err != nil {
		t.Fatal(err)
	}
	d, err := startDemo(nil, []string{"PATH=" + directory + ":" + os.Getenv("PATH")})
	if err != nil {
		t.Fatal(err)
	}
	code, err := d.wait()
	if err != nil || code != 1 {
		t.Errorf("exit code %d, %v", code, err)
	}
	for _, text := range []string{"jq: broken", "run `make dev`",
		"demo: step 3 of 25 failed: the last command: it failed with exit status 5"} {
		if !strings.Contains(d.output.String(), text) {
			t.Errorf("it does not say %q:\n%s", text, d.output)
		}
	}
	if left := d.leftovers(); len(left) > 0 {
		t.Errorf("left are %q", left)
	}
}
