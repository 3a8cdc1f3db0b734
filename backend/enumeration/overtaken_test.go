package enumeration

import (
	"context"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
)

// TestALockdownOvertakesEveryStepOfARead locks the mount down before each step of
// each read in turn: whatever the read had got so far, nothing that it minted lives.
func TestALockdownOvertakesEveryStepOfARead(t *testing.T) {
	t.Parallel()
	for _, scene := range issuingScenarios() {
		t.Run(scene.String(), func(t *testing.T) {
			t.Parallel()
			clean := newRun(t, scene, fault{}, nil)
			count := map[dependency]int{}
			for _, s := range clean.observe(clean.request(clean.faultyMount), fault{}).steps {
				count[s.dependency]++
				f := fault{step: s, number: count[s.dependency], kind: overtaken}
				t.Run(f.String(), func(t *testing.T) { newRun(t, scene, f, &baseline{}).playWithLockdown() })
			}
		})
	}
}

// lockedDown plays the scene with a lockdown in it and judges what came of it.
func (p *run) playWithLockdown() {
	p.T.Helper()
	locked := make(chan error, 1)
	p.injector.overtaken = make(chan struct{})
	p.injector.another = func() {
		_, err := p.send(context.Background(), logical.UpdateOperation, "lockdown", nil)
		locked <- err
	}
	p.outcome = p.observe(p.request(p.faultyMount), p.fault)
	p.T.Cleanup(p.logSteps)
	if !p.outcome.faultHappened {
		p.T.Fatal("the lockdown never came: the scene is not the same twice")
	}
	<-p.injector.overtaken
	if err := <-locked; err != nil {
		p.T.Fatalf("locking down: %v", err)
	}
	p.tick()
	if live := p.unexcusedTokens(); len(live) > 0 {
		p.T.Fatalf("I1: %d tokens live after the lockdown has returned (%s)", len(live), p.outcome)
	}
	if worked := p.readAll(); len(worked) > 0 {
		p.T.Fatalf("these can be read although the mount is locked down: %v", worked)
	}
	p.succeed(logical.DeleteOperation, "lockdown", nil)
	if _, err := p.tryRead(p.path); err != nil {
		p.T.Fatalf("reading %s after the lockdown was lifted: %v", p.path, err)
	}
	p.checkSecrets()
}
