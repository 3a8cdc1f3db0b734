package backend_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// TestEveryStepOfEveryOperation lets every operation that the mount declares, every
// end of a lease and every periodic run go wrong at each of its steps, in each way
// that the step knows, and then holds the mount and Paxos's own state against what
// must always be true.
func TestEveryStepOfEveryOperation(t *testing.T) {
	t.Parallel()
	for _, scene := range append(scenes(), declaredScenes(t, scenes())...) {
		t.Run(scene.String(), func(t *testing.T) {
			t.Parallel()
			var clean record
			if !t.Run("nothing", func(t *testing.T) { clean = newTrial(t, scene, fault{}, nil).run() }) {
				return
			}
			for _, f := range faults(clean.steps) {
				t.Run(f.String(), func(t *testing.T) { newTrial(t, scene, f, &clean).run() })
			}
		})
	}
}

// A record is what a scene was like without a fault.
type record struct {
	steps   []step
	mints   int
	changed []string        // the settings that it wrote or deleted
	reads   map[string]bool // the paths that issue a token afterwards
}

// A trial is a scene that is played once, with a fault.
type trial struct {
	*site
	scene
	fault  fault
	clean  *record // nil for the play without a fault
	before map[string]string
	shows  string           // what a read of the path answered before, if several settings are to be changed
	old    map[string]issue // what was issued before
	mints  int              // token requests before
	out    outcome
	warned bool // the answer said so
}

// newTrial sets the scene.
func newTrial(t *testing.T, sc scene, f fault, clean *record) *trial {
	t.Helper()
	s := newSite(t)
	sc.state(s)
	p := &trial{
		site: s, scene: sc, fault: f, clean: clean,
		before: s.settings(), old: maps.Clone(s.issued), mints: s.paxos.Calls(paxostest.TokenEndpoint),
	}
	if clean != nil && p.written() && len(clean.changed) > 1 {
		p.shows = p.shown()
	}
	return p
}

// run plays the scene and judges what came of it.
func (p *trial) run() record {
	p.t.Helper()
	request := p.request(p.site)
	p.out = p.observe(request, p.fault)
	p.t.Cleanup(p.tell)
	played := record{steps: p.out.steps, mints: p.paxos.Calls(paxostest.TokenEndpoint) - p.mints, changed: p.changed()}
	if p.clean == nil && p.out.ok() == p.refused {
		p.t.Fatalf("without a fault: %s", p.out)
	}
	if p.clean != nil && !p.out.hit {
		p.t.Fatalf("the fault never came about: the scene is not the same twice")
	}
	p.judgeAnswer()
	p.judgeMints(played)
	p.judgeWrites(played)
	p.judgeBan()
	p.pass(played)
	p.repeat(request)
	p.judgeEnd()
	p.judgeSecrets()
	if p.fault.first { // it left nothing that could be wrong
		return played
	}
	played.reads = p.judgeReads()
	p.judgeHolders()
	p.judgeLeases()
	p.judgeRotation()
	p.judgeExpiry()
	p.judgeSecrets()
	return played
}

// tell shows the steps of a play that went wrong.
func (p *trial) tell() {
	if !p.t.Failed() {
		return
	}
	var steps []string
	for _, s := range p.out.steps {
		steps = append(steps, s.what)
	}
	p.t.Logf("its steps were: %s", strings.Join(steps, ", "))
}

// changed names the settings that are not what they were.
func (p *trial) changed() []string {
	p.t.Helper()
	after := p.settings()
	var names []string
	for key := range after {
		if after[key] != p.before[key] {
			names = append(names, key)
		}
	}
	for key := range p.before {
		if _, ok := after[key]; !ok {
			names = append(names, key)
		}
	}
	return slices.Sorted(slices.Values(names))
}

// A scene is a state of the mount and a request that is made in it.
type scene struct {
	operation logical.Operation
	path      string
	when      string // the state, in words
	state     func(*site)
	pathOf    func(*site) string         // where path holds something that differs from site to site
	data      func(*site) map[string]any // nil for none
	lease     bool                       // ends the first lease, instead of path

	alone    string // the setting that may be written without the others: a read shows that they are missing
	refused  bool   // must not succeed
	once     bool   // is refused when it is repeated although it was done, with a word on that
	serves   bool   // holds a token that is valid: nothing at Paxos makes it fail
	ends     string // the role whose earlier tokens are dead once it has succeeded; * for all
	unasked  int    // token requests that periodic work may make afterwards, to look at the clients at Paxos
	abandons bool   // takes away what a token could be ended with
}

// initializing is what Vault does with a plugin process before its first request,
// as if it were an operation.
const initializing logical.Operation = "initialize"

// String names the scene as a test, of which a slash would make two.
func (sc scene) String() string {
	return strings.ReplaceAll(fmt.Sprintf("%s %s %s", sc.operation, sc.path, sc.when), "/", ":")
}

// request is what the scene asks of the mount.
func (sc scene) request(s *site) func(context.Context) (*logical.Response, error) {
	switch {
	case sc.lease:
		first := s.leases[0]
		first.ended = true
		return func(ctx context.Context) (*logical.Response, error) { return nil, s.end(ctx, first) }
	case sc.operation == logical.RollbackOperation:
		return func(ctx context.Context) (*logical.Response, error) { return nil, s.work(ctx) }
	case sc.operation == initializing:
		return func(ctx context.Context) (*logical.Response, error) { return nil, s.initialize(ctx) }
	}
	var data map[string]any
	if sc.data != nil {
		data = sc.data(s)
	}
	path := sc.path
	if sc.pathOf != nil {
		path = sc.pathOf(s)
	}
	return func(ctx context.Context) (*logical.Response, error) { return s.ask(ctx, sc.operation, path, data) }
}
