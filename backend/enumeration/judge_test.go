package enumeration

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// judgeAnswer holds the answer against what Vault makes of it.
func (p *run) checkAnswer() {
	p.T.Helper()
	p.recordAnswer(p.outcome.resp, p.outcome.err)
	p.warned = p.outcome.ok() && p.outcome.resp != nil && len(p.outcome.resp.Warnings) > 0
	issued := p.outcome.ok() && p.answered()
	switch {
	case p.outcome.err != nil && p.outcome.resp != nil && p.outcome.resp.Secret != nil:
		p.T.Fatalf("I6: a lease beside an error: Vault would register it: %v", p.outcome.err)
	case p.lease && isFinal(p.outcome.err):
		p.T.Fatalf("I6: Vault gives the lease up at once: %v", p.outcome.err)
	case p.lease && !p.outcome.ok() && p.fault.dependency == atPaxos && !p.outcome.unheard && !p.System.Disabling.Load():
		p.T.Fatalf("I6: the end of the lease failed for what Paxos did: %v", p.outcome.err)
	case p.hasValidToken && p.fault.dependency == atPaxos && !p.outcome.ok() && !p.outcome.unheard:
		p.T.Fatalf("I8: a read failed although a valid token is cached: %s", p.outcome)
	case p.refused && p.outcome.ok():
		p.T.Fatal("I9, I10: what must be refused succeeded")
	case issued:
		p.register(p.path, p.outcome.resp)
		if id := paxostest.Fingerprint(backendtest.Token(p.outcome.resp)); p.endedByPaxos[id] && !p.warned {
			p.T.Fatalf("I13: a token that its reader says is rejected is answered again without a word")
		}
	case p.outcome.ok() && p.outcome.resp != nil && p.outcome.resp.Data["client_secret"] != nil:
		p.register(p.path, p.outcome.resp)
	case p.answered(): // but nobody heard it: Vault knows of no lease
		p.forgetHolders()
	}
}

// answered reports whether the mount answered with a token, heard or not.
func (p *run) answered() bool {
	return p.outcome.resp != nil && p.outcome.resp.Data["access_token"] != nil
}

// final reports whether Vault takes the error of a lease's end for the last word.
func isFinal(err error) bool {
	return errors.Is(err, logical.ErrUnrecoverable) || errors.Is(err, logical.ErrUnsupportedOperation) ||
		errors.Is(err, logical.ErrUnsupportedPath) || errors.Is(err, logical.ErrInvalidRequest)
}

// judgeMints counts the token requests.
func (p *run) checkTokenRequests(played baseline) {
	p.T.Helper()
	if p.baseline != nil && played.tokenRequests > p.baseline.tokenRequests+1 {
		p.T.Fatalf("I5: %d token requests; without the fault there are %d", played.tokenRequests, p.baseline.tokenRequests)
	}
}

// judgeWrites looks for settings that were written by half: there must be all the
// writes of the request or none, or else none that a read shows, or the one that may
// stand alone.
func (p *run) checkWrites(played baseline) {
	p.T.Helper()
	if p.baseline == nil || !p.written() || len(played.changed) == 0 ||
		slices.Equal(played.changed, p.baseline.changed) || slices.Equal(played.changed, []string{p.mayStandAlone}) {
		return
	}
	now := p.shown()
	if now != p.shownBefore && !(p.operation == logical.DeleteOperation && now == "") {
		p.T.Fatalf("half-written: %s changed; without the fault %s do (%s)", played.changed, p.baseline.changed, p.outcome)
	}
}

// written reports whether the scene is an operator's write, whose path shows what it
// did. Periodic work and the ends of leases go on where they were stopped.
func (p *run) written() bool { return !p.lease && p.path != "" }

// shown is what a read of the scene's path answers, empty where there is nothing.
func (p *run) shown() string {
	p.T.Helper()
	resp, err := p.send(context.Background(), logical.ReadOperation, p.path, nil)
	switch {
	case errors.Is(err, logical.ErrUnsupportedOperation):
		return ""
	case err != nil || resp.IsError():
		p.T.Fatalf("reading %s: %v, error %v", p.path, resp, err)
	case resp == nil:
		return ""
	}
	return fmt.Sprint(resp.Data)
}

// judgeBan checks that nothing is asked of Paxos after it answered 429.
func (p *run) checkBan() {
	p.T.Helper()
	if p.fault.kind != throttles {
		return
	}
	count := func() int {
		if p.fault.what == string(paxostest.TokenEndpoint) { // the ban on other calls is theirs to find out
			return p.Paxos.Calls(paxostest.TokenEndpoint)
		}
		return p.Paxos.TotalCalls()
	}
	before := count()
	p.readAll()
	p.tick()
	if after := count(); after != before {
		p.T.Fatalf("I5: %d calls while Paxos throttles this address", after-before)
	}
}

// pass lets the time of bans, idle tokens and paces pass, with periodic work in it. It
// may make up for what such work was kept from.
func (p *run) passTime(played baseline) {
	p.T.Helper()
	before := p.Paxos.Calls(paxostest.TokenEndpoint)
	p.tick()
	p.passMinutes()
	owed := p.extraRequests
	if p.operation == logical.RollbackOperation && p.baseline != nil {
		owed += max(0, p.baseline.tokenRequests-played.tokenRequests)
	}
	if mints := p.Paxos.Calls(paxostest.TokenEndpoint) - before; mints > owed {
		p.T.Fatalf("I5: %d token requests that nobody asked for", mints)
	}
	if !strings.HasPrefix(p.path, "creds/") || p.outcome.crashed || p.answered() {
		return
	}
	for _, live := range p.unexcusedTokens() {
		if _, ok := p.issued[live.Fingerprint]; !ok {
			p.T.Fatalf("I1: a token lives that was minted for a lease and that nobody was given (%s)", p.outcome)
		}
	}
}

// repeat makes the request again if the caller was not told that it succeeded. A
// caller who is told to come back later does.
func (p *run) repeat(request func(context.Context) (*logical.Response, error)) {
	p.T.Helper()
	if p.outcome.ok() {
		return
	}
	if p.baseline != nil && len(p.baseline.changed) > 0 {
		p.readAll() // what is issued meanwhile goes by what is stored
	}
	resp, err := request(context.Background())
	p.recordAnswer(resp, err)
	if coded, ok := err.(logical.HTTPCodedError); ok && coded.Code() == http.StatusTooManyRequests {
		p.passMinutes()
		resp, err = request(context.Background())
		p.recordAnswer(resp, err)
	}
	again := outcome{resp: resp, err: err}
	done := p.refusesRepeat && resp.IsError() && strings.Contains(resp.Error().Error(), "already")
	if again.ok() == p.refused && !done {
		p.T.Fatalf("the same request still does not do as it should: %s (at first: %s)", again, p.outcome)
	}
	if p.baseline != nil && p.written() && !slices.Equal(p.changedSettings(), p.baseline.changed) {
		p.T.Fatalf("half-written: %s changed by request and repetition; without a fault %s do", p.changedSettings(),
			p.baseline.changed)
	}
	p.warned = resp != nil && len(resp.Warnings) > 0
	if again.ok() && resp != nil && (resp.Data["access_token"] != nil || resp.Data["client_secret"] != nil) {
		p.register(p.path, resp)
	}
	p.passMinutes()
}

// judgeEnd checks that the tokens are dead that the request was to end.
func (p *run) checkEndedTokens() {
	p.T.Helper()
	for _, live := range p.unexcusedTokens() {
		if of, ok := p.issuedBefore[live.Fingerprint]; ok && (p.endsTokensOf == "*" || p.endsTokensOf == of.role) {
			p.T.Fatalf(
				"I1: a token of role %s lives although the request that ends it has succeeded (at first: %s)",
				of.role, p.outcome)
		}
	}
}

// judgeReads checks that every role that issues without the fault does so after it,
// and goes on while Paxos is away.
func (p *run) checkReads() map[string]bool {
	p.T.Helper()
	worked := p.readAll()
	if p.baseline != nil && !maps.Equal(worked, p.baseline.reads) {
		p.T.Fatalf("these can be read: %v; without the fault: %v", worked, p.baseline.reads)
	}
	for _, endpoint := range []paxostest.Endpoint{paxostest.TokenEndpoint, paxostest.Revoke} {
		p.Paxos.FailAll(endpoint, paxostest.Fault{Drop: true})
	}
	for path, shared := range worked {
		if !shared {
			continue
		}
		if _, err := p.tryRead(path); err != nil {
			p.T.Fatalf("I8: reading %s failed while Paxos was away: %v", path, err)
		}
	}
	p.awaitRefreshes()
	p.Paxos.Heal()
	return worked
}

// judgeHolders checks that every lease that lasts has a token that lives.
func (p *run) checkHolders() {
	p.T.Helper()
	if p.fault.rejectsToken() {
		return
	}
	for _, l := range p.leases {
		fingerprint, ok := l.resp.Data["token_id"].(string)
		if !ok { // it is a client's
			continue
		}
		of := p.issued[fingerprint]
		expires, err := time.Parse(time.RFC3339, l.resp.Data["expires_at"].(string))
		if err != nil {
			p.T.Fatal(err)
		}
		if l.ended || p.endedByPaxos[fingerprint] || p.endsTokensOf == "*" || p.endsTokensOf == of.role || !p.Clock.Now().Before(expires) {
			continue
		}
		if !p.Paxos.Alive(backendtest.Token(l.resp)) {
			p.T.Fatalf("a token of role %s is dead although a lease on it lasts", of.role)
		}
	}
}

// judgeLeases ends every lease, twice, and looks at what lives on.
func (p *run) checkLeases() {
	p.T.Helper()
	for _, l := range p.leases {
		err := p.endLease(context.Background(), l)
		p.recordAnswer(nil, err)
		if err != nil {
			p.T.Fatalf("I6: ending a lease of %s: %v", l.path, err)
		}
	}
	for _, l := range slices.Backward(p.leases) {
		if err := p.endLease(context.Background(), l); err != nil {
			p.T.Fatalf("I3: ending a lease of %s again: %v", l.path, err)
		}
	}
	p.passMinutes()
	for _, live := range p.unexcusedTokens() {
		if of := p.issued[live.Fingerprint]; of.leased && (of.own || !p.holdersUnknown[live.Fingerprint]) {
			p.T.Fatalf("I1: a token of role %s outlives its last lease", of.role)
		}
	}
}

// judgeRotation rotates every role and looks for tokens that live all the same.
func (p *run) checkRotation() {
	p.T.Helper()
	for _, name := range p.listRoles() {
		if _, err := p.send(context.Background(), logical.UpdateOperation, "roles/"+name+"/rotate", nil); err != nil {
			p.T.Fatalf("I1: rotating role %s: %v", name, err)
		}
	}
	p.passMinutes()
	for _, live := range p.unexcusedTokens() {
		p.T.Fatalf("I1: a token that allows %s lives after everything was rotated", live.Scopes)
	}
}

// unexcused are the tokens that live and that something should have ended, or can.
// Excused are the one whose grant was lost, and those whose means to end them an
// operator took away, and was told so.
func (p *run) unexcusedTokens() []paxostest.Token {
	p.T.Helper()
	_, orphans := p.proxy.grants()
	if len(orphans) > 1 {
		p.T.Fatalf("I1: %d tokens are lost; one fault loses one", len(orphans))
	}
	if p.losesRevokers && p.warned {
		return nil
	}
	return slices.DeleteFunc(p.Paxos.LiveTokens(), func(t paxostest.Token) bool { return orphans[t.Fingerprint] })
}

// judgeSecrets checks that no secret was told or sent elsewhere.
func (p *run) checkSecrets() {
	p.T.Helper()
	tokens, _ := p.proxy.grants()
	log, said := p.Log.String(), p.answers.String()
	for _, secret := range slices.Concat(p.secrets, tokens, []string{backendtest.Canary}) {
		switch {
		case strings.Contains(log, secret):
			p.T.Fatal("I4: the log holds a secret")
		case strings.Contains(said, secret):
			p.T.Fatal("I4: an answer holds a secret")
		}
	}
	switch strays := p.proxy.strayConnections.Load(); {
	case strays > 0:
		p.T.Fatalf("I9: %d connections to a host that nothing is sent to", strays)
	case strings.Contains(log, "panicked"):
		p.T.Fatalf("a panic: %s", log)
	case p.Paxos.MostCallsInWindow() > broker.DefaultBudget:
		p.T.Fatalf("I5: %d token requests in 5 minutes", p.Paxos.MostCallsInWindow())
	}
}
