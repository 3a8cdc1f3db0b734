package enumeration

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// checkAnswer checks that Vault can use the answer, and does with it what Vault does.
func (r *run) checkAnswer() {
	r.T.Helper()
	r.recordAnswer(r.outcome.resp, r.outcome.err)
	r.warned = r.outcome.ok() && r.outcome.resp != nil && len(r.outcome.resp.Warnings) > 0
	issued := r.outcome.ok() && r.answered()
	switch {
	case r.outcome.err != nil && r.outcome.resp != nil && r.outcome.resp.Secret != nil:
		r.T.Fatalf("a lease beside an error: Vault would register it: %v", r.outcome.err)
	case r.lease && isFinal(r.outcome.err):
		r.T.Fatalf("Vault gives the lease up at once: %v", r.outcome.err)
	case r.lease && !r.outcome.ok() && r.fault.dependency == atPaxos && !r.outcome.unheard &&
		!r.System.Disabling.Load():
		r.T.Fatalf("the end of the lease failed for what Paxos did: %v", r.outcome.err)
	case r.hasValidToken && r.fault.dependency == atPaxos && !r.outcome.ok() && !r.outcome.unheard:
		r.T.Fatalf("a read failed although a valid token is cached: %s", r.outcome)
	case r.refused && r.outcome.ok():
		r.T.Fatal("what must be refused succeeded")
	case issued:
		r.register(r.path, r.outcome.resp)
		if id := paxostest.Fingerprint(backendtest.Token(r.outcome.resp)); r.endedByPaxos[id] && !r.warned {
			r.T.Fatalf("a token that its reader says is rejected is answered again without a word")
		}
	case r.outcome.ok() && r.outcome.resp != nil && r.outcome.resp.Data["client_secret"] != nil:
		r.register(r.path, r.outcome.resp)
	case r.answered(): // but nobody heard it: Vault knows of no lease
		r.forgetHolders()
	}
}

// isFinal reports whether Vault drops a lease after this error and never tries to end it again.
func isFinal(err error) bool {
	return errors.Is(err, logical.ErrUnrecoverable) || errors.Is(err, logical.ErrUnsupportedOperation) ||
		errors.Is(err, logical.ErrUnsupportedPath) || errors.Is(err, logical.ErrInvalidRequest)
}

// checkTokenRequests checks that the fault cost at most one token request more.
func (r *run) checkTokenRequests(played baseline) {
	r.T.Helper()
	if r.baseline != nil && played.tokenRequests > r.baseline.tokenRequests+1 {
		r.T.Fatalf("%d token requests; without the fault there are %d", played.tokenRequests, r.baseline.tokenRequests)
	}
}

// checkWrites checks that no write was done by half: all settings of the request are stored, or
// none, or none that a read shows, or the one that may stand alone.
func (r *run) checkWrites(played baseline) {
	r.T.Helper()
	if r.baseline == nil || !r.written() || len(played.changed) == 0 ||
		slices.Equal(played.changed, r.baseline.changed) || slices.Equal(played.changed, []string{r.mayStandAlone}) {
		return
	}
	now := r.shown()
	if now != r.shownBefore && !(r.operation == logical.DeleteOperation && now == "") {
		r.T.Fatalf("half-written: %s changed; without the fault %s do (%s)", played.changed, r.baseline.changed,
			r.outcome)
	}
}

// checkBan checks that nothing is asked of Paxos after it answered 429.
func (r *run) checkBan() {
	r.T.Helper()
	if r.fault.kind != throttles {
		return
	}
	count := func() int {
		if r.fault.what == string(paxostest.TokenEndpoint) { // the ban on other calls is theirs to find out
			return r.Paxos.Calls(paxostest.TokenEndpoint)
		}
		return r.Paxos.TotalCalls()
	}
	before := count()
	r.readAll()
	r.tick()
	if after := count(); after != before {
		r.T.Fatalf("%d calls while Paxos throttles this address", after-before)
	}
}

// checkEndedTokens checks that the tokens are dead that the request had to end.
func (r *run) checkEndedTokens() {
	r.T.Helper()
	for _, live := range r.unexcusedTokens() {
		if of, ok := r.issuedBefore[live.Fingerprint]; ok && (r.endsTokensOf == "*" || r.endsTokensOf == of.role) {
			r.T.Fatalf(
				"a token of role %s is valid although the request that ends it has succeeded (at first: %s)",
				of.role, r.outcome)
		}
	}
}

// checkReads checks that every role that issues tokens without the fault does so after it, and that
// cached tokens are still served while Paxos is away.
func (r *run) checkReads() map[string]bool {
	r.T.Helper()
	worked := r.readAll()
	if r.baseline != nil && !maps.Equal(worked, r.baseline.reads) {
		r.T.Fatalf("these can be read: %v; without the fault: %v", worked, r.baseline.reads)
	}
	for _, endpoint := range []paxostest.Endpoint{paxostest.TokenEndpoint, paxostest.Revoke} {
		r.Paxos.FailAll(endpoint, paxostest.Fault{Drop: true})
	}
	for path, shared := range worked {
		if !shared {
			continue
		}
		if _, err := r.tryRead(path); err != nil {
			r.T.Fatalf("reading %s failed while Paxos was away: %v", path, err)
		}
	}
	r.awaitRefreshes()
	r.Paxos.Heal()
	return worked
}

// checkHolders checks that every lease that lasts has a token that is alive.
func (r *run) checkHolders() {
	r.T.Helper()
	if r.fault.rejectsToken() {
		return
	}
	for _, l := range r.leases {
		fingerprint, ok := l.resp.Data["token_id"].(string)
		if !ok { // it is a client's
			continue
		}
		of := r.issued[fingerprint]
		expires, err := time.Parse(time.RFC3339, l.resp.Data["expires_at"].(string))
		if err != nil {
			r.T.Fatal(err)
		}
		if l.ended || r.endedByPaxos[fingerprint] || r.endsTokensOf == "*" || r.endsTokensOf == of.role ||
			!r.Clock.Now().Before(expires) {
			continue
		}
		if !r.Paxos.Alive(backendtest.Token(l.resp)) {
			r.T.Fatalf("a token of role %s is dead although a lease on it lasts", of.role)
		}
	}
}

// checkLeases ends every lease, twice and in both orders, and checks that no token is valid
// after its last lease.
func (r *run) checkLeases() {
	r.T.Helper()
	for _, l := range r.leases {
		err := r.endLease(context.Background(), l)
		r.recordAnswer(nil, err)
		if err != nil {
			r.T.Fatalf("ending a lease of %s: %v", l.path, err)
		}
	}
	for _, l := range slices.Backward(r.leases) {
		if err := r.endLease(context.Background(), l); err != nil {
			r.T.Fatalf("ending a lease of %s again: %v", l.path, err)
		}
	}
	r.passMinutes()
	for _, live := range r.unexcusedTokens() {
		if of := r.issued[live.Fingerprint]; of.leased && (of.own || !r.holdersUnknown[live.Fingerprint]) {
			r.T.Fatalf("a token of role %s is valid after its last lease", of.role)
		}
	}
}

// checkRotation rotates every role and checks that no token is left.
func (r *run) checkRotation() {
	r.T.Helper()
	for _, name := range r.listRoles() {
		if _, err := r.send(context.Background(), logical.UpdateOperation, "roles/"+name+"/rotate", nil); err != nil {
			r.T.Fatalf("rotating role %s: %v", name, err)
		}
	}
	r.passMinutes()
	for _, live := range r.unexcusedTokens() {
		r.T.Fatalf("a token that allows %s is valid after everything was rotated", live.Scopes)
	}
}

// checkSecrets checks that no secret was logged, answered or sent to another host. It also looks
// for panics and for too many token requests.
func (r *run) checkSecrets() {
	r.T.Helper()
	tokens, _ := r.proxy.grants()
	log, said := r.Log.String(), r.answers.String()
	for _, secret := range slices.Concat(r.secrets, tokens, []string{backendtest.Canary}) {
		switch {
		case strings.Contains(log, secret):
			r.T.Fatal("the log holds a secret")
		case strings.Contains(said, secret):
			r.T.Fatal("an answer holds a secret")
		}
	}
	switch strays := r.proxy.strayConnections.Load(); {
	case strays > 0:
		r.T.Fatalf("%d connections to a host that nothing is sent to", strays)
	case strings.Contains(log, "panicked"):
		r.T.Fatalf("a panic: %s", log)
	case r.Paxos.MostTokenRequestsInWindow() > limits.DefaultBudget:
		r.T.Fatalf("%d token requests in 5 minutes", r.Paxos.MostTokenRequestsInWindow())
	}
}

// checkExpiry lets every token expire and checks that nothing is left of it.
func (r *run) checkExpiry() {
	r.T.Helper()
	r.Clock.Advance(2 * time.Hour)
	r.tick() // it may compare with Paxos, by a token whose record lasts for some minutes
	r.Clock.Advance(10 * time.Minute)
	r.tick()
	if live := r.Paxos.LiveTokens(); len(live) > 0 {
		r.T.Fatalf("%d tokens live two hours later", len(live))
	}
	if r.System.Disabling.Load() { // all goes with the mount
		return
	}
	all, settings := r.entries(), r.settings()
	for key := range all {
		if strings.HasPrefix(key, "spending/") { // payments count for a day
			continue
		}
		if _, ok := settings[key]; !ok && key != "pulse" && key != "drift" && !strings.HasPrefix(key, "usage/") {
			r.T.Fatalf("%s is left in storage, of tokens and bans that are long over", key)
		}
	}
	r.checkClients()
}

// checkClients checks that no client is still leased or waiting for its deletion, that only clients
// were deleted whose role says so, and that none is available in Vault although Paxos deleted it.
func (r *run) checkClients() {
	r.T.Helper()
	r.succeed(logical.UpdateOperation, "config/resume", nil) // hours have passed
	r.tick()
	status := map[string]string{}
	for _, c := range r.Paxos.Credentials() {
		status[c.ClientID] = c.Status
		if c.ClientID == r.Client.ClientID && c.Status != "APPROVED" {
			r.T.Fatal("the root client was deleted")
		}
	}
	for _, name := range []string{"c0", "c1", "new"} {
		read := r.succeed(logical.ReadOperation, "clients/"+name, nil)
		if read == nil {
			continue
		}
		switch state := read.Data["state"]; {
		case state == "leased" || state == "revoking":
			r.T.Fatalf("client %s is %s long after every lease has ended", name, state)
		case state == "available" && status[fmt.Sprint(read.Data["client_id"])] != "APPROVED":
			r.T.Fatalf("client %s is available in Vault and deleted at Paxos", name)
		}
	}
}

// checkScopes compares what a token allows at Paxos with what its reader was told and with what the
// role allows.
func (m *faultyMount) checkScopes(path, fingerprint string, told []string, allowed string) {
	m.T.Helper()
	all := m.Paxos.Tokens()
	i := slices.IndexFunc(all, func(t paxostest.Token) bool { return t.Fingerprint == fingerprint })
	if i < 0 {
		m.T.Fatalf("%s answers a token that Paxos does not know", path)
	}
	if broker.ScopeSet(told) != broker.ScopeSet(all[i].Scopes) {
		m.T.Fatalf("%s says that its token allows %s; at Paxos it allows %s", path, told, all[i].Scopes)
	}
	for _, scope := range all[i].Scopes {
		if !strings.Contains(allowed, scope) {
			m.T.Fatalf("%s issued a token that allows %s; the role allows %s", path, scope, allowed)
		}
	}
}
