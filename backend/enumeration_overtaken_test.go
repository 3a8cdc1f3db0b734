package backend_test

import (
	"context"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
)

// TestALockdownOvertakesEveryStepOfARead locks the mount down before each step of
// each read in turn: whatever the read had got so far, nothing that it minted lives.
func TestALockdownOvertakesEveryStepOfARead(t *testing.T) {
	t.Parallel()
	for _, scene := range issuingScenes() {
		t.Run(scene.String(), func(t *testing.T) {
			t.Parallel()
			clean := newTrial(t, scene, fault{}, nil)
			count := map[medium]int{}
			for _, s := range clean.observe(clean.request(clean.site), fault{}).steps {
				count[s.medium]++
				f := fault{step: s, at: count[s.medium], kind: overtaken}
				t.Run(f.String(), func(t *testing.T) { newTrial(t, scene, f, &record{}).lockedDown() })
			}
		})
	}
}

// lockedDown plays the scene with a lockdown in it and judges what came of it.
func (p *trial) lockedDown() {
	p.t.Helper()
	locked := make(chan error, 1)
	p.tap.overtaken = make(chan struct{})
	p.tap.another = func() {
		_, err := p.ask(context.Background(), logical.UpdateOperation, "lockdown", nil)
		locked <- err
	}
	p.out = p.observe(p.request(p.site), p.fault)
	p.t.Cleanup(p.tell)
	if !p.out.hit {
		p.t.Fatal("the lockdown never came: the scene is not the same twice")
	}
	<-p.tap.overtaken
	if err := <-locked; err != nil {
		p.t.Fatalf("locking down: %v", err)
	}
	p.tickOnce()
	if live := p.unexcused(); len(live) > 0 {
		p.t.Fatalf("I1: %d tokens live after the lockdown has returned (%s)", len(live), p.out)
	}
	if worked := p.readAll(); len(worked) > 0 {
		p.t.Fatalf("these can be read although the mount is locked down: %v", worked)
	}
	p.succeed(logical.DeleteOperation, "lockdown", nil)
	if _, err := p.tryRead(p.path); err != nil {
		p.t.Fatalf("reading %s after the lockdown was lifted: %v", p.path, err)
	}
	p.judgeSecrets()
}
