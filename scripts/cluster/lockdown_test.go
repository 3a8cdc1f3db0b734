package cluster

import (
	"strings"
	"testing"
	"time"
)

// How many tokens are locked, and how long that may take. A lockdown begins with 5 revocations per
// second and makes at most 40, so it is done long before the next periodic run of the engine, which
// Vault starts every minute.
const (
	lockedTokens = 110
	lockedWithin = 20 * time.Second
)

// TestALockdownWaitsForNoTick puts a mount with 110 live tokens into lockdown while applications read.
// That is about as many as the budget allows at once.
func TestALockdownWaitsForNoTick(t *testing.T) {
	t.Parallel()
	m := newMount(t, nil)
	m.role("app", nil)
	m.role("own", map[string]any{"unique_tokens": true, "mint_limit": lockedTokens})
	m.readOften("own", lockedTokens)
	load := m.startLoad("app")
	await(t, patience, func() error { return m.aliveAtLeast(lockedTokens + 1) })

	m.write("lockdown", map[string]any{"reason": "a test"})
	returned := time.Now()
	if _, err := m.read(m.client, "token/app"); err == nil || !strings.Contains(err.Error(), "Code: 403") {
		t.Errorf("a read after the lockdown: %v", err)
	}
	load.stop()
	await(t, lockedWithin, func() error { return m.onlyAlive() })
	t.Logf("%d tokens and those of the readers were dead %s after the lockdown's answer", lockedTokens,
		time.Since(returned).Round(time.Millisecond))
	m.expectNoneIrrevocable()
}
