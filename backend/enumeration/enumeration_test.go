package enumeration

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
	for _, scene := range append(scenarios(), declaredScenarios(t, scenarios())...) {
		t.Run(scene.String(), func(t *testing.T) {
			t.Parallel()
			var clean baseline
			if !t.Run("nothing", func(t *testing.T) { clean = newRun(t, scene, fault{}, nil).play() }) {
				return
			}
			for _, f := range faults(clean.steps) {
				t.Run(f.String(), func(t *testing.T) { newRun(t, scene, f, &clean).play() })
			}
		})
	}
}

// A record is what a scene was like without a fault.
type baseline struct {
	steps         []step
	tokenRequests int
	changed       []string        // the settings that it wrote or deleted
	reads         map[string]bool // the paths that issue a token afterwards
}

// A trial is a scene that is played once, with a fault.
type run struct {
	*faultyMount
	scenario
	fault          fault
	baseline       *baseline // nil for the play without a fault
	settingsBefore map[string]string
	shownBefore    string                 // what a read of the path answered before, if several settings are to be changed
	issuedBefore   map[string]issuedToken // what was issued before
	requestsBefore int                    // token requests before
	outcome        outcome
	warned         bool // the answer said so
}

// newTrial sets the scene.
func newRun(t *testing.T, sc scenario, f fault, clean *baseline) *run {
	t.Helper()
	s := newFaultyMount(t)
	sc.setUp(s)
	p := &run{
		faultyMount: s, scenario: sc, fault: f, baseline: clean,
		settingsBefore: s.settings(), issuedBefore: maps.Clone(s.issued), requestsBefore: s.Paxos.Calls(paxostest.TokenEndpoint),
	}
	if clean != nil && p.written() && len(clean.changed) > 1 {
		p.shownBefore = p.shown()
	}
	return p
}

// run plays the scene and judges what came of it.
func (p *run) play() baseline {
	p.T.Helper()
	request := p.request(p.faultyMount)
	p.outcome = p.observe(request, p.fault)
	p.T.Cleanup(p.logSteps)
	played := baseline{steps: p.outcome.steps, tokenRequests: p.Paxos.Calls(paxostest.TokenEndpoint) - p.requestsBefore, changed: p.changedSettings()}
	if p.baseline == nil && p.outcome.ok() == p.refused {
		p.T.Fatalf("without a fault: %s", p.outcome)
	}
	if p.baseline != nil && !p.outcome.faultHappened {
		p.T.Fatalf("the fault never came about: the scene is not the same twice")
	}
	p.checkAnswer()
	p.checkTokenRequests(played)
	p.checkWrites(played)
	p.checkBan()
	p.passTime(played)
	p.repeat(request)
	p.checkEndedTokens()
	p.checkSecrets()
	if p.fault.noEffectYet { // it left nothing that could be wrong
		return played
	}
	played.reads = p.checkReads()
	p.checkHolders()
	p.checkLeases()
	p.checkRotation()
	p.checkExpiry()
	p.checkSecrets()
	return played
}

// tell shows the steps of a play that went wrong.
func (p *run) logSteps() {
	if !p.T.Failed() {
		return
	}
	var steps []string
	for _, s := range p.outcome.steps {
		steps = append(steps, s.what)
	}
	p.T.Logf("its steps were: %s", strings.Join(steps, ", "))
}

// changed names the settings that are not what they were.
func (p *run) changedSettings() []string {
	p.T.Helper()
	after := p.settings()
	var names []string
	for key := range after {
		if after[key] != p.settingsBefore[key] {
			names = append(names, key)
		}
	}
	for key := range p.settingsBefore {
		if _, ok := after[key]; !ok {
			names = append(names, key)
		}
	}
	return slices.Sorted(slices.Values(names))
}

// A scene is a state of the mount and a request that is made in it.
type scenario struct {
	operation logical.Operation
	path      string
	when      string // the state, in words
	setUp     func(*faultyMount)
	pathOf    func(*faultyMount) string         // where path holds something that differs from site to site
	data      func(*faultyMount) map[string]any // nil for none
	lease     bool                              // ends the first lease, instead of path

	mayStandAlone string // the setting that may be written without the others: a read shows that they are missing
	refused       bool   // must not succeed
	refusesRepeat bool   // is refused when it is repeated although it was done, with a word on that
	hasValidToken bool   // holds a token that is valid: nothing at Paxos makes it fail
	endsTokensOf  string // the role whose earlier tokens are dead once it has succeeded; * for all
	extraRequests int    // token requests that periodic work may make afterwards, to look at the clients at Paxos
	losesRevokers bool   // takes away what a token could be ended with
}

// initializing is what Vault does with a plugin process before its first request,
// as if it were an operation.
const initializing logical.Operation = "initialize"

// String names the scene as a test, of which a slash would make two.
func (sc scenario) String() string {
	return strings.ReplaceAll(fmt.Sprintf("%s %s %s", sc.operation, sc.path, sc.when), "/", ":")
}

// request is what the scene asks of the mount.
func (sc scenario) request(s *faultyMount) func(context.Context) (*logical.Response, error) {
	switch {
	case sc.lease:
		first := s.leases[0]
		first.ended = true
		return func(ctx context.Context) (*logical.Response, error) { return nil, s.endLease(ctx, first) }
	case sc.operation == logical.RollbackOperation:
		return func(ctx context.Context) (*logical.Response, error) { return nil, s.periodic(ctx) }
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
	return func(ctx context.Context) (*logical.Response, error) { return s.send(ctx, sc.operation, path, data) }
}
