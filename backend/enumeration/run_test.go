package enumeration

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// A baseline is what a run of a scenario without a fault was like.
type baseline struct {
	steps         []step
	tokenRequests int
	changed       []string        // the settings that it wrote or deleted
	reads         map[string]bool // the paths that issue a token afterwards
}

// A run is one scenario, run once, with one fault or with none.
type run struct {
	*faultyMount
	scenario
	fault          fault
	baseline       *baseline // nil for the run without a fault
	settingsBefore map[string]string
	// what a read of the path answered before, if several settings are to be changed
	shownBefore    string
	issuedBefore   map[string]issuedToken // what was issued before
	requestsBefore int                    // token requests before
	outcome        outcome
	warned         bool // the answer said so
}

// newRun sets the scenario up.
func newRun(t *testing.T, sc scenario, f fault, clean *baseline) *run {
	t.Helper()
	m := newFaultyMount(t)
	sc.setUp(m)
	r := &run{
		faultyMount: m, scenario: sc, fault: f, baseline: clean,
		settingsBefore: m.settings(), issuedBefore: maps.Clone(m.issued),
		requestsBefore: m.Paxos.Calls(paxostest.TokenEndpoint),
	}
	if clean != nil && r.written() && len(clean.changed) > 1 {
		r.shownBefore = r.shown()
	}
	return r
}

// play makes the request and checks what came of it.
func (r *run) play() baseline {
	r.T.Helper()
	request := r.request(r.faultyMount)
	r.outcome = r.observe(request, r.fault)
	r.T.Cleanup(r.logSteps)
	played := baseline{steps: r.outcome.steps,
		tokenRequests: r.Paxos.Calls(paxostest.TokenEndpoint) - r.requestsBefore, changed: r.changedSettings()}
	if r.baseline == nil && r.outcome.ok() == r.refused {
		r.T.Fatalf("without a fault: %s", r.outcome)
	}
	if r.baseline != nil && !r.outcome.faultHappened {
		r.T.Fatalf("the fault never came about: the scenario is not the same twice")
	}
	r.checkAnswer()
	r.checkTokenRequests(played)
	r.checkWrites(played)
	r.checkBan()
	r.passTime(played)
	r.repeat(request)
	r.checkPayments()
	r.checkEndedTokens()
	r.checkSecrets()
	if r.fault.noEffectYet { // it left nothing that could be wrong
		return played
	}
	played.reads = r.checkReads()
	r.checkHolders()
	r.checkLeases()
	r.checkRotation()
	r.checkExpiry()
	r.checkSecrets()
	return played
}

// playWithLockdown makes the request, locks the mount down meanwhile, and checks what came of it.
func (r *run) playWithLockdown() {
	r.T.Helper()
	locked := make(chan error, 1)
	r.injector.overtaken = make(chan struct{})
	r.injector.another = func() {
		_, err := r.send(context.Background(), logical.UpdateOperation, "lockdown", nil)
		locked <- err
	}
	r.outcome = r.observe(r.request(r.faultyMount), r.fault)
	r.T.Cleanup(r.logSteps)
	if !r.outcome.faultHappened {
		r.T.Fatal("the lockdown never came: the scenario is not the same twice")
	}
	<-r.injector.overtaken
	if err := <-locked; err != nil {
		r.T.Fatalf("locking down: %v", err)
	}
	r.tick()
	if live := r.unexcusedTokens(); len(live) > 0 {
		r.T.Fatalf("%d tokens are valid after the lockdown has returned (%s)", len(live), r.outcome)
	}
	if worked := r.readAll(); len(worked) > 0 {
		r.T.Fatalf("these can be read although the mount is in lockdown: %v", worked)
	}
	r.succeed(logical.DeleteOperation, "lockdown", nil)
	if _, err := r.tryRead(r.path); err != nil {
		r.T.Fatalf("reading %s after the lockdown was lifted: %v", r.path, err)
	}
	r.checkSecrets()
}

// logSteps logs the steps of a run that failed.
func (r *run) logSteps() {
	if !r.T.Failed() {
		return
	}
	var steps []string
	for _, s := range r.outcome.steps {
		steps = append(steps, s.what)
	}
	r.T.Logf("its steps were: %s", strings.Join(steps, ", "))
}

// changedSettings names the settings that are not what they were before.
func (r *run) changedSettings() []string {
	r.T.Helper()
	after := r.settings()
	var names []string
	for key := range after {
		if after[key] != r.settingsBefore[key] {
			names = append(names, key)
		}
	}
	for key := range r.settingsBefore {
		if _, ok := after[key]; !ok {
			names = append(names, key)
		}
	}
	return slices.Sorted(slices.Values(names))
}

// written reports whether the scenario is a write of an operator, so that its path shows what it
// did. Periodic work and ends of leases are continued where they were stopped.
func (r *run) written() bool { return !r.lease && r.path != "" }

// shown is what a read of the path of the scenario answers; empty if there is nothing.
func (r *run) shown() string {
	r.T.Helper()
	resp, err := r.send(context.Background(), logical.ReadOperation, r.path, nil)
	switch {
	case errors.Is(err, logical.ErrUnsupportedOperation):
		return ""
	case err != nil || resp.IsError():
		r.T.Fatalf("reading %s: %v, error %v", r.path, resp, err)
	case resp == nil:
		return ""
	}
	return fmt.Sprint(resp.Data)
}

// answered reports whether the mount answered with a token, whether or not the caller was still
// there.
func (r *run) answered() bool {
	return r.outcome.resp != nil && r.outcome.resp.Data["access_token"] != nil
}

// passTime lets the time of bans, idle tokens and pauses pass, with periodic work in it. No token
// may be requested then that nobody asked for; periodic work may make up for what the fault kept it
// from.
func (r *run) passTime(played baseline) {
	r.T.Helper()
	before := r.Paxos.Calls(paxostest.TokenEndpoint)
	r.tick()
	r.passMinutes()
	owed := r.extraRequests
	if r.operation == logical.RollbackOperation && r.baseline != nil {
		owed += max(0, r.baseline.tokenRequests-played.tokenRequests)
	}
	if mints := r.Paxos.Calls(paxostest.TokenEndpoint) - before; mints > owed {
		r.T.Fatalf("%d token requests that nobody asked for", mints)
	}
	if !strings.HasPrefix(r.path, "creds/") || r.outcome.crashed || r.answered() {
		return
	}
	for _, live := range r.unexcusedTokens() {
		if _, ok := r.issued[live.Fingerprint]; !ok {
			r.T.Fatalf("a token is valid that was requested for a lease and that nobody was given (%s)", r.outcome)
		}
	}
}

// passMinutes lets minutes pass, with periodic work in them: longer than the record of a token is
// left to the one who wrote it, than an idle token is kept, and than a ban lasts.
func (r *run) passMinutes() {
	r.T.Helper()
	for _, pause := range []time.Duration{time.Minute, limits.DefaultBan + time.Second} {
		r.Clock.Advance(pause)
		r.tick()
	}
}

// tick is one run of periodic work. It has to succeed, because nothing is broken any more.
func (r *run) tick() {
	r.T.Helper()
	err := r.periodic(context.Background())
	r.recordAnswer(nil, err)
	if err != nil {
		r.T.Fatalf("periodic work: %v", err)
	}
}

// repeat makes the request again if the caller was not told that it succeeded, as a caller would. A
// caller who is told to come back later does so.
func (r *run) repeat(request func(context.Context) (*logical.Response, error)) {
	r.T.Helper()
	if r.outcome.ok() {
		return
	}
	if r.baseline != nil && len(r.baseline.changed) > 0 {
		r.readAll() // what is issued meanwhile goes by what is stored
	}
	resp, err := request(context.Background())
	r.recordAnswer(resp, err)
	//nolint:errorlint // Vault takes the code of the outermost error only
	if coded, ok := err.(logical.HTTPCodedError); ok && coded.Code() == http.StatusTooManyRequests {
		r.passMinutes()
		resp, err = request(context.Background())
		r.recordAnswer(resp, err)
	}
	again := outcome{resp: resp, err: err}
	done := r.refusesRepeat && resp.IsError() && strings.Contains(resp.Error().Error(), "already")
	if again.ok() == r.refused && !done {
		r.T.Fatalf("the same request still does not do as it should: %s (at first: %s)", again, r.outcome)
	}
	if r.baseline != nil && r.written() && !slices.Equal(r.changedSettings(), r.baseline.changed) {
		r.T.Fatalf("half-written: %s changed by request and repetition; without a fault %s do", r.changedSettings(),
			r.baseline.changed)
	}
	r.warned = resp != nil && len(resp.Warnings) > 0
	if again.ok() && resp != nil && (resp.Data["access_token"] != nil || resp.Data["client_secret"] != nil) {
		r.register(r.path, resp)
	}
	r.passMinutes()
}

// readAll reads every path that issues a token. It returns the paths that did, and whether their
// readers share the token.
func (r *run) readAll() map[string]bool {
	r.T.Helper()
	worked := map[string]bool{}
	for _, name := range r.listRoles() {
		if name == leasingRole {
			continue // each read takes a client away
		}
		for _, path := range []string{"creds/" + name, "token/" + name} {
			if resp, err := r.tryRead(path); err == nil {
				worked[path] = !r.issued[paxostest.Fingerprint(backendtest.Token(resp))].own
			}
		}
	}
	return worked
}

// tryRead reads a path that issues a token.
func (r *run) tryRead(path string) (*logical.Response, error) {
	r.T.Helper()
	resp, err := r.send(context.Background(), logical.ReadOperation, path, nil)
	r.recordAnswer(resp, err)
	if err == nil && resp.IsError() {
		err = resp.Error()
	}
	if err != nil { // where Paxos refused the client, the engine asks after one of its tokens now
		r.awaitBackground()
		return resp, err
	}
	r.register(path, resp)
	if r.endedByPaxos[paxostest.Fingerprint(backendtest.Token(resp))] {
		r.awaitRefreshes() // another may be requested in its place, be it as the probe after a ban
	}
	return resp, err
}

// unexcusedTokens are the tokens that are alive and that the engine should have ended, or still can
// end. Two kinds are excused: the one token whose grant the fault lost, and the tokens of which an
// operator was warned that nothing can end them any more.
func (r *run) unexcusedTokens() []paxostest.Token {
	r.T.Helper()
	_, orphans := r.proxy.grants()
	if len(orphans) > 1 {
		r.T.Fatalf("%d tokens are lost; one fault loses one", len(orphans))
	}
	if r.losesRevokers && r.warned {
		return nil
	}
	return slices.DeleteFunc(r.Paxos.LiveTokens(), func(t paxostest.Token) bool { return orphans[t.Fingerprint] })
}
