package backend_test

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

	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// judgeAnswer holds the answer against what Vault makes of it.
func (p *trial) judgeAnswer() {
	p.t.Helper()
	p.hear(p.out.resp, p.out.err)
	p.warned = p.out.ok() && p.out.resp != nil && len(p.out.resp.Warnings) > 0
	issued := p.out.ok() && p.answered()
	switch {
	case p.out.err != nil && p.out.resp != nil && p.out.resp.Secret != nil:
		p.t.Fatalf("I6: a lease beside an error: Vault would register it: %v", p.out.err)
	case p.lease && final(p.out.err):
		p.t.Fatalf("I6: Vault gives the lease up at once: %v", p.out.err)
	case p.lease && !p.out.ok() && p.fault.medium == atPaxos && !p.out.lost && !p.system.tainted.Load():
		p.t.Fatalf("I6: the end of the lease failed for what Paxos did: %v", p.out.err)
	case p.serves && p.fault.medium == atPaxos && !p.out.ok() && !p.out.lost:
		p.t.Fatalf("I8: a read failed although a valid token is cached: %s", p.out)
	case p.refused && p.out.ok():
		p.t.Fatal("I9, I10: what must be refused succeeded")
	case issued:
		p.take(p.path, p.out.resp)
		if id := paxostest.Fingerprint(token(p.out.resp)); p.lost[id] && !p.warned {
			p.t.Fatalf("I13: a token that its reader says is rejected is answered again without a word")
		}
	case p.out.ok() && p.out.resp != nil && p.out.resp.Data["client_secret"] != nil:
		p.take(p.path, p.out.resp)
	case p.answered(): // but nobody heard it: Vault knows of no lease
		p.forgetHolders()
	}
}

// answered reports whether the mount answered with a token, heard or not.
func (p *trial) answered() bool { return p.out.resp != nil && p.out.resp.Data["access_token"] != nil }

// final reports whether Vault takes the error of a lease's end for the last word.
func final(err error) bool {
	return errors.Is(err, logical.ErrUnrecoverable) || errors.Is(err, logical.ErrUnsupportedOperation) ||
		errors.Is(err, logical.ErrUnsupportedPath) || errors.Is(err, logical.ErrInvalidRequest)
}

// judgeMints counts the token requests.
func (p *trial) judgeMints(played record) {
	p.t.Helper()
	if p.clean != nil && played.mints > p.clean.mints+1 {
		p.t.Fatalf("I5: %d token requests; without the fault there are %d", played.mints, p.clean.mints)
	}
}

// judgeWrites looks for settings that were written by half: there must be all the
// writes of the request or none, or else none that a read shows, or the one that may
// stand alone.
func (p *trial) judgeWrites(played record) {
	p.t.Helper()
	if p.clean == nil || !p.written() || len(played.changed) == 0 ||
		slices.Equal(played.changed, p.clean.changed) || slices.Equal(played.changed, []string{p.alone}) {
		return
	}
	now := p.shown()
	if now != p.shows && !(p.operation == logical.DeleteOperation && now == "") {
		p.t.Fatalf("half-written: %s changed; without the fault %s do (%s)", played.changed, p.clean.changed, p.out)
	}
}

// written reports whether the scene is an operator's write, whose path shows what it
// did. Periodic work and the ends of leases go on where they were stopped.
func (p *trial) written() bool { return !p.lease && p.path != "" }

// shown is what a read of the scene's path answers, empty where there is nothing.
func (p *trial) shown() string {
	p.t.Helper()
	resp, err := p.ask(context.Background(), logical.ReadOperation, p.path, nil)
	switch {
	case errors.Is(err, logical.ErrUnsupportedOperation):
		return ""
	case err != nil || resp.IsError():
		p.t.Fatalf("reading %s: %v, error %v", p.path, resp, err)
	case resp == nil:
		return ""
	}
	return fmt.Sprint(resp.Data)
}

// judgeBan checks that nothing is asked of Paxos after it answered 429.
func (p *trial) judgeBan() {
	p.t.Helper()
	if p.fault.kind != throttles {
		return
	}
	count := func() int {
		if p.fault.what == string(paxostest.TokenEndpoint) { // the ban on other calls is theirs to find out
			return p.paxos.Calls(paxostest.TokenEndpoint)
		}
		return p.paxos.TotalCalls()
	}
	before := count()
	p.readAll()
	p.tickOnce()
	if after := count(); after != before {
		p.t.Fatalf("I5: %d calls while Paxos throttles this address", after-before)
	}
}

// pass lets the time of bans, idle tokens and paces pass, with periodic work in it. It
// may make up for what such work was kept from.
func (p *trial) pass(played record) {
	p.t.Helper()
	before := p.paxos.Calls(paxostest.TokenEndpoint)
	p.tickOnce()
	p.ticks()
	owed := p.unasked
	if p.operation == logical.RollbackOperation && p.clean != nil {
		owed += max(0, p.clean.mints-played.mints)
	}
	if mints := p.paxos.Calls(paxostest.TokenEndpoint) - before; mints > owed {
		p.t.Fatalf("I5: %d token requests that nobody asked for", mints)
	}
	if !strings.HasPrefix(p.path, "creds/") || p.out.crashed || p.answered() {
		return
	}
	for _, live := range p.unexcused() {
		if _, ok := p.issued[live.Fingerprint]; !ok {
			p.t.Fatalf("I1: a token lives that was minted for a lease and that nobody was given (%s)", p.out)
		}
	}
}

// repeat makes the request again if the caller was not told that it succeeded. A
// caller who is told to come back later does.
func (p *trial) repeat(request func(context.Context) (*logical.Response, error)) {
	p.t.Helper()
	if p.out.ok() {
		return
	}
	if p.clean != nil && len(p.clean.changed) > 0 {
		p.readAll() // what is issued meanwhile goes by what is stored
	}
	resp, err := request(context.Background())
	p.hear(resp, err)
	if coded, ok := err.(logical.HTTPCodedError); ok && coded.Code() == http.StatusTooManyRequests {
		p.ticks()
		resp, err = request(context.Background())
		p.hear(resp, err)
	}
	again := outcome{resp: resp, err: err}
	done := p.once && resp.IsError() && strings.Contains(resp.Error().Error(), "already")
	if again.ok() == p.refused && !done {
		p.t.Fatalf("the same request still does not do as it should: %s (at first: %s)", again, p.out)
	}
	if p.clean != nil && p.written() && !slices.Equal(p.changed(), p.clean.changed) {
		p.t.Fatalf("half-written: %s changed by request and repetition; without a fault %s do", p.changed(),
			p.clean.changed)
	}
	p.warned = resp != nil && len(resp.Warnings) > 0
	if again.ok() && resp != nil && (resp.Data["access_token"] != nil || resp.Data["client_secret"] != nil) {
		p.take(p.path, resp)
	}
	p.ticks()
}

// judgeEnd checks that the tokens are dead that the request was to end.
func (p *trial) judgeEnd() {
	p.t.Helper()
	for _, live := range p.unexcused() {
		if of, ok := p.old[live.Fingerprint]; ok && (p.ends == "*" || p.ends == of.role) {
			p.t.Fatalf(
				"I1: a token of role %s lives although the request that ends it has succeeded (at first: %s)",
				of.role, p.out)
		}
	}
}

// judgeReads checks that every role that issues without the fault does so after it,
// and goes on while Paxos is away.
func (p *trial) judgeReads() map[string]bool {
	p.t.Helper()
	worked := p.readAll()
	if p.clean != nil && !maps.Equal(worked, p.clean.reads) {
		p.t.Fatalf("these can be read: %v; without the fault: %v", worked, p.clean.reads)
	}
	for _, endpoint := range []paxostest.Endpoint{paxostest.TokenEndpoint, paxostest.Revoke} {
		p.paxos.FailAll(endpoint, paxostest.Fault{Drop: true})
	}
	for path, shared := range worked {
		if !shared {
			continue
		}
		if _, err := p.tryRead(path); err != nil {
			p.t.Fatalf("I8: reading %s failed while Paxos was away: %v", path, err)
		}
	}
	p.refreshed()
	p.paxos.Heal()
	return worked
}

// judgeHolders checks that every lease that lasts has a token that lives.
func (p *trial) judgeHolders() {
	p.t.Helper()
	if p.fault.believed() {
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
			p.t.Fatal(err)
		}
		if l.ended || p.lost[fingerprint] || p.ends == "*" || p.ends == of.role || !p.clock.Now().Before(expires) {
			continue
		}
		if !p.paxos.Alive(token(l.resp)) {
			p.t.Fatalf("a token of role %s is dead although a lease on it lasts", of.role)
		}
	}
}

// judgeLeases ends every lease, twice, and looks at what lives on.
func (p *trial) judgeLeases() {
	p.t.Helper()
	for _, l := range p.leases {
		err := p.end(context.Background(), l)
		p.hear(nil, err)
		if err != nil {
			p.t.Fatalf("I6: ending a lease of %s: %v", l.path, err)
		}
	}
	for _, l := range slices.Backward(p.leases) {
		if err := p.end(context.Background(), l); err != nil {
			p.t.Fatalf("I3: ending a lease of %s again: %v", l.path, err)
		}
	}
	p.ticks()
	for _, live := range p.unexcused() {
		if of := p.issued[live.Fingerprint]; of.leased && (of.own || !p.held[live.Fingerprint]) {
			p.t.Fatalf("I1: a token of role %s outlives its last lease", of.role)
		}
	}
}

// judgeRotation rotates every role and looks for tokens that live all the same.
func (p *trial) judgeRotation() {
	p.t.Helper()
	for _, name := range p.roles() {
		if _, err := p.ask(context.Background(), logical.UpdateOperation, "roles/"+name+"/rotate", nil); err != nil {
			p.t.Fatalf("I1: rotating role %s: %v", name, err)
		}
	}
	p.ticks()
	for _, live := range p.unexcused() {
		p.t.Fatalf("I1: a token that allows %s lives after everything was rotated", live.Scopes)
	}
}

// unexcused are the tokens that live and that something should have ended, or can.
// Excused are the one whose grant was lost, and those whose means to end them an
// operator took away, and was told so.
func (p *trial) unexcused() []paxostest.Token {
	p.t.Helper()
	_, orphans := p.gate.known()
	if len(orphans) > 1 {
		p.t.Fatalf("I1: %d tokens are lost; one fault loses one", len(orphans))
	}
	if p.abandons && p.warned {
		return nil
	}
	return slices.DeleteFunc(p.paxos.LiveTokens(), func(t paxostest.Token) bool { return orphans[t.Fingerprint] })
}

// judgeSecrets checks that no secret was told or sent elsewhere.
func (p *trial) judgeSecrets() {
	p.t.Helper()
	tokens, _ := p.gate.known()
	log, said := p.log.String(), p.said.String()
	for _, secret := range slices.Concat(p.secrets, tokens, []string{canary}) {
		switch {
		case strings.Contains(log, secret):
			p.t.Fatal("I4: the log holds a secret")
		case strings.Contains(said, secret):
			p.t.Fatal("I4: an answer holds a secret")
		}
	}
	switch strays := p.gate.strays.Load(); {
	case strays > 0:
		p.t.Fatalf("I9: %d connections to a host that nothing is sent to", strays)
	case strings.Contains(log, "panicked"):
		p.t.Fatalf("a panic: %s", log)
	case p.paxos.MostCallsInWindow() > limits.DefaultBudget:
		p.t.Fatalf("I5: %d token requests in 5 minutes", p.paxos.MostCallsInWindow())
	}
}
