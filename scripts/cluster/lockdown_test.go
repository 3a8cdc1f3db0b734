package cluster

import (
	"strings"
	"testing"
	"time"
)

// A lockdown revokes at most 40 tokens a second, and begins with 5. So many are dead long before the
// next of the engine's periodic runs, which Vault starts every minute.
const (
	lockedTokens = 110
	lockedWithin = 20 * time.Second
)

// TestALockdownWaitsForNoTick locks a mount down that has 110 live tokens, about what the budget
// allows at once, while applications read.
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
