package backend_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// An outcome is what became of the request that was observed.
type outcome struct {
	resp    *logical.Response
	err     error
	lost    bool // nobody got the answer
	crashed bool // the plugin's process died
	hit     bool // the fault came about
	steps   []step
}

// ok reports whether the caller was told that the request succeeded.
func (o outcome) ok() bool { return !o.lost && o.err == nil && !o.resp.IsError() }

// String is the answer without what it may hold of secrets.
func (o outcome) String() string {
	switch {
	case o.crashed:
		return "the process crashed"
	case o.lost:
		return "the caller left"
	case o.resp.IsError():
		return "refused: " + o.resp.Error().Error()
	}
	return fmt.Sprintf("error %v", o.err)
}

// heeds is how long a request that heeds its caller's leaving may take to notice.
const heeds = 50 * time.Millisecond

// observe makes a request go wrong and waits until the plugin does nothing more
// for it. A plugin that crashed is followed by another.
func (s *site) observe(request func(context.Context) (*logical.Response, error), f fault) outcome {
	s.t.Helper()
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	s.tap.watch(f, leave)
	answered := make(chan outcome, 1)
	go func() {
		resp, err := request(ctx)
		answered <- outcome{resp: resp, err: err, lost: ctx.Err() != nil}
	}()
	out := outcome{lost: true}
	select {
	case out = <-answered:
	case <-s.tap.struck:
		if s.life.ended() {
			break
		}
		leave()
		select {
		case out = <-answered:
		case <-time.After(heeds): // it waits for what hangs
			s.tap.expire()
			out = <-answered
		}
		s.tap.expire()
	}
	waitUntil(s.t, func() bool {
		select {
		case <-s.tap.struck: // work in the background hangs
			leave()
			s.tap.expire()
		default:
		}
		return s.life.ended() || !s.busy()
	})
	out.hit, out.steps = s.tap.heal()
	if out.crashed = s.life.ended(); out.crashed {
		s.bury()
	}
	return out
}

// bury excuses the tokens that nobody can know of after a crash, and starts another
// process.
func (s *site) bury() {
	s.t.Helper()
	for _, live := range s.paxos.LiveTokens() {
		if !s.recorded(live.Fingerprint) {
			s.gate.orphan(live.Fingerprint)
		}
	}
	s.forgetHolders()
	s.begin()
}

// forgetHolders takes note that nobody can count the holders of the shared tokens
// any more that live now.
func (s *site) forgetHolders() {
	for _, live := range s.paxos.LiveTokens() {
		s.held[live.Fingerprint] = true
	}
}

// ask sends a request as Vault's core does: existence check first for writes.
func (s *site) ask(ctx context.Context, operation logical.Operation, path string,
	data map[string]any) (*logical.Response, error) {
	plugin := s.backend // of now: another may follow
	req := &logical.Request{Operation: operation, Path: path, Data: data, Storage: s.storage, MountPoint: "paxos/",
		ID: "request"}
	if operation == logical.CreateOperation || operation == logical.UpdateOperation {
		req.Operation = logical.UpdateOperation
		found, exists, err := plugin.HandleExistenceCheck(ctx, req)
		if err != nil && !errors.Is(err, logical.ErrUnsupportedPath) {
			return nil, err
		}
		if found && !exists {
			req.Operation = logical.CreateOperation
		}
	}
	return plugin.HandleRequest(ctx, req)
}

// end ends a lease as Vault's expiration manager does.
func (s *site) end(ctx context.Context, l *lease) error {
	_, err := s.backend.HandleRequest(ctx, &logical.Request{
		Operation: logical.RevokeOperation, Path: l.path, Storage: s.storage, Secret: l.resp.Secret, Data: l.resp.Data,
	})
	return err
}

// work is what Vault does every minute.
func (s *site) work(ctx context.Context) error {
	resp, err := s.backend.HandleRequest(ctx,
		&logical.Request{Operation: logical.RollbackOperation, Storage: s.storage})
	if err == nil && resp.IsError() {
		return resp.Error()
	}
	return err
}

// take is what Vault does with an answer that holds a token: it keeps the lease.
// What the token allows is held against its role.
func (s *site) take(path string, resp *logical.Response) {
	s.t.Helper()
	if resp.Data["client_secret"] != nil {
		s.leases = append(s.leases, &lease{path: path, resp: resp})
		return
	}
	fingerprint, name := paxostest.Fingerprint(token(resp)), path[strings.LastIndex(path, "/")+1:]
	if resp.Secret != nil {
		s.leases = append(s.leases, &lease{path: path, resp: resp})
	}
	stored := fingerprint + s.entries()["roles/"+name]
	switch {
	case s.lost[fingerprint]: // the engine may not know, and may be about to replace it
		return
	case !s.paxos.Alive(token(resp)):
		s.t.Fatalf("I8: %s answers a token that is dead at Paxos", path)
	case !s.recorded(fingerprint):
		s.t.Fatalf("I1: %s answers a token that is not on record: the next process will not know of it", path)
	case s.judged[stored]:
		return
	}
	s.judged[stored] = true
	role, err := s.ask(context.Background(), logical.ReadOperation, "roles/"+name, nil)
	if err != nil || role == nil {
		s.t.Fatalf("I10: a token was issued under role %s, which cannot be read: %v", name, err)
	}
	s.judgeScopes(path, fingerprint, strings.Fields(resp.Data["scope"].(string)),
		fmt.Sprint(role.Data["resolved_scopes"]))
	got := issue{role: name, own: role.Data["unique_tokens"] == true, leased: resp.Secret != nil}
	if before, ok := s.issued[fingerprint]; ok && before.leased != got.leased {
		s.t.Fatalf("I1: leased and unleased readers of %s share a token", path)
	}
	s.issued[fingerprint] = got
}

// judgeScopes holds what a token allows at Paxos against what its reader was told
// and what the role allows.
func (s *site) judgeScopes(path, fingerprint string, told []string, allowed string) {
	s.t.Helper()
	all := s.paxos.Tokens()
	i := slices.IndexFunc(all, func(t paxostest.Token) bool { return t.Fingerprint == fingerprint })
	if i < 0 {
		s.t.Fatalf("I10: %s answers a token that Paxos does not know", path)
	}
	if broker.ScopeSet(told) != broker.ScopeSet(all[i].Scopes) {
		s.t.Fatalf("I10: %s says that its token allows %s; at Paxos it allows %s", path, told, all[i].Scopes)
	}
	for _, scope := range all[i].Scopes {
		if !strings.Contains(allowed, scope) {
			s.t.Fatalf("I10: %s issued a token that allows %s; the role allows %s", path, scope, allowed)
		}
	}
}

// hear keeps what was said, without the tokens that were meant to be in it.
func (s *site) hear(resp *logical.Response, err error) {
	s.said.WriteString(fmt.Sprintln(err))
	if resp == nil {
		return
	}
	s.said.WriteString(fmt.Sprintln(resp.Warnings))
	for name, value := range resp.Data {
		if name != "access_token" && name != "client_secret" {
			s.said.WriteString(fmt.Sprintln(name, value))
		}
	}
	if resp.Secret != nil {
		s.said.WriteString(fmt.Sprintln(resp.Secret.InternalData))
	}
}
