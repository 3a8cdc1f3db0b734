package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// outages are the ways in which Paxos is down.
var outages = map[string]map[string]any{
	"it answers 503":     {"status": 503},
	"it does not answer": {"hang": true},
}

// How long disabling a mount with many leases may take. It must make only a few calls to a Paxos that
// does not answer, which take a second each, and not one for each lease.
const (
	many     = 30
	promptly = 15 * time.Second
)

// TestDisablingWhilePaxosIsDown disables mounts in three states: with leases that share a token, with
// leases that have a token each, and with leases that were ended before.
func TestDisablingWhilePaxosIsDown(t *testing.T) {
	t.Parallel()
	for _, outage := range slices.Sorted(maps.Keys(outages)) {
		t.Run(outage+", leases share a token", func(t *testing.T) {
			m := newBrokenMount(t, outages[outage], nil)
			if err := m.disable(); err != nil {
				t.Error(err)
			}
			m.expectGone()
		})
		t.Run(outage+", leases have a token each", func(t *testing.T) {
			m := newBrokenMount(t, outages[outage], map[string]any{"unique_tokens": true})
			if err := m.disable(); err == nil || !strings.Contains(err.Error(), "The mount was not disabled") {
				t.Errorf("Vault was not told that tokens live on which nothing would end: %v", err)
			}
			m.expectNoneIrrevocable()
			if _, err := m.read(m.client, "creds/app"); err == nil {
				t.Error("a mount that is being disabled gives tokens")
			}
			m.heal()
			if err := m.disable(); err != nil {
				t.Error(err)
			}
			m.expectGone()
			if err := m.onlyAlive(); err != nil {
				t.Error(err)
			}
		})
		t.Run(outage+", leases ended before", func(t *testing.T) {
			m := newBrokenMount(t, outages[outage], map[string]any{"unique_tokens": true})
			m.revokeAll()
			await(t, patience, func() error { return m.noLeases("app") })
			if err := m.disable(); err != nil {
				t.Error(err)
			}
			m.expectGone()
		})
	}
}

// newBrokenMount returns a mount with leases of a role. Its Paxos fails from then on.
func newBrokenMount(t *testing.T, outage, role map[string]any) *mount {
	t.Helper()
	m := newMount(t, map[string]any{"request_timeout": "1s"})
	m.role("app", role)
	m.readOften("app", many)
	m.fail(outage)
	return m
}

// disable disables the mount with the command that a person uses, and checks that it does not take
// long.
func (m *mount) disable() error {
	m.Helper()
	ctx, cancel := context.WithTimeout(m.Context(), 2*patience)
	defer cancel()
	leader, started := m.leader(), time.Now()
	said, err := leader.Command(ctx, leader.RootToken, nil, "secrets", "disable", m.path).CombinedOutput()
	if took := time.Since(started); took > promptly {
		m.Errorf("disabling took %s", took.Round(time.Millisecond))
	} else {
		m.Logf("disabling took %s", took.Round(time.Millisecond))
	}
	if err != nil {
		return fmt.Errorf("%w: %s", err, said)
	}
	return nil
}

// expectGone checks that a disabled mount has left nothing behind.
func (m *mount) expectGone() {
	m.Helper()
	left, err := m.client.Sys().ListMountsWithContext(m.Context())
	if err != nil {
		m.Fatal(err)
	}
	if left[m.path+"/"] != nil {
		m.Error("the mount is still there")
	}
	if err := m.noLeases("app"); err != nil {
		m.Error(err)
	}
	m.expectNoneIrrevocable()
}
