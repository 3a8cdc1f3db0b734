package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// payers is how many callers want the last payments of a limit at once.
const payers = 64

// pluginKilled loses the plugin's process on the leader, which Vault starts again.
var pluginKilled = loss{"plugin killed", true,
	func(_ context.Context, leader *stack.Stack) error { _, err := leader.KillPlugin(); return err },
	func(context.Context, *stack.Stack) error { return nil },
}

// TestTheLastPaymentsOfADay lets 64 callers want the last 10 payments of a daily limit at once, and loses
// the leader or its plugin while they sign. Each caller repeats its own request until it is signed or
// refused: 10 are signed, each counts once, and that stays so after another node has taken over.
func TestTheLastPaymentsOfADay(t *testing.T) {
	for _, way := range []loss{pluginKilled, killed, pluginKilled, steppedDown} {
		t.Run(way.name, func(t *testing.T) {
			m := newMount(t, nil)
			m.signer("200")
			for i := range 10 {
				if _, err := m.sign(m.client, fmt.Sprint("earlier-", i)); err != nil {
					t.Fatal(err)
				}
			}
			signed := m.payTheLast(way)
			if len(signed) != 10 {
				t.Errorf("%d payments were signed, want 10: %v", len(signed), signed)
			}
			m.expectUsed("200", "0")
			m.failOver()
			m.expectUsed("200", "0")
			m.expectDecided(signed)
			m.expectUsed("200", "0")
		})
	}
}

// payTheLast lets every caller pay once, and returns the ref_ids of what was signed. The loss begins with
// the third signature.
func (m *mount) payTheLast(way loss) (signed []string) {
	m.Helper()
	var (
		callers            sync.WaitGroup
		mu                 sync.Mutex
		count, undecided   atomic.Int64
		start, lost        = make(chan struct{}), make(chan struct{})
		before             int64
		leader             = m.leader()
		loseOnce, signedBy = sync.OnceFunc(func() { close(lost) }), func(refID string) {
			mu.Lock()
			defer mu.Unlock()
			signed = append(signed, refID)
		}
	)
	for i := range payers {
		client := m.newClient()
		client.SetMaxRetries(0)
		callers.Go(func() {
			<-start
			refID := fmt.Sprint("last-", i)
			if m.decide(client, refID, &undecided) {
				signedBy(refID)
				if count.Add(1) == 3 {
					loseOnce()
				}
			}
		})
	}
	close(start)
	<-lost
	before = count.Load()
	if err := way.of(m.Context(), leader); err != nil {
		m.Fatal(err)
	}
	callers.Wait()
	m.Logf("%s: %d were signed when it began, %d in all; %d answers decided nothing", way.name, before, len(signed),
		undecided.Load())
	if err := way.back(m.Context(), leader); err != nil {
		m.Fatal(err)
	}
	if err := m.AwaitHealthy(m.Context()); err != nil {
		m.Fatal(err)
	}
	return signed
}

// failOver makes another node active.
func (m *mount) failOver() {
	m.Helper()
	leader := m.leader()
	if err := leader.StepDown(m.Context()); err != nil {
		m.Fatal(err)
	}
	await(m.T, patience, func() error {
		if m.leader() == leader {
			return errors.New("the leader still leads")
		}
		return nil
	})
}

// expectDecided repeats every request: what was signed is signed again, and nothing else is.
func (m *mount) expectDecided(signed []string) {
	m.Helper()
	var undecided atomic.Int64
	for i := range payers {
		refID := fmt.Sprint("last-", i)
		if got := m.decide(m.client, refID, &undecided); got != slices.Contains(signed, refID) {
			m.Errorf("%s is signed: %t, before: %t", refID, got, !got)
		}
	}
}

// TestARestoredSnapshotIsReadAnew signs, takes a snapshot, signs more, and restores the snapshot by force.
// The engine goes by what storage has then, and by nothing that it remembers.
func TestARestoredSnapshotIsReadAnew(t *testing.T) {
	m := newMount(t, nil)
	m.signer("100")
	pay := func(refID string) bool {
		var undecided atomic.Int64
		return m.decide(m.client, refID, &undecided)
	}
	for i := range 5 {
		pay(fmt.Sprint("before-", i))
	}
	var snapshot bytes.Buffer
	client, err := m.leader().Client(m.leader().RootToken)
	if err == nil {
		err = client.Sys().RaftSnapshotWithContext(t.Context(), &snapshot)
	}
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		pay(fmt.Sprint("after-", i))
	}
	m.expectUsed("100", "0")
	if err := client.Sys().RaftSnapshotRestoreWithContext(t.Context(), &snapshot, true); err != nil {
		t.Fatal(err)
	}
	m.expectUsed("50", "50")
	if err := m.AwaitHealthy(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range 5 { // what was signed after the snapshot and is repeated counts once
		if !pay(fmt.Sprint("after-", i)) {
			t.Errorf("after-%d is not signed", i)
		}
	}
	if pay("one-more") {
		t.Error("more than the limit was signed")
	}
	m.failOver()
	m.expectUsed("100", "0")
}
