package enumeration

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// An outcome is what became of the request that was observed.
type outcome struct {
	resp          *logical.Response
	err           error
	unheard       bool // nobody got the answer
	crashed       bool // the plugin's process died
	faultHappened bool // the fault came about
	steps         []step
}

// ok reports whether the caller was told that the request succeeded.
func (o outcome) ok() bool { return !o.unheard && o.err == nil && !o.resp.IsError() }

// String is the answer without what it may hold of secrets.
func (o outcome) String() string {
	switch {
	case o.crashed:
		return "the process crashed"
	case o.unheard:
		return "the caller left"
	case o.resp.IsError():
		return "refused: " + o.resp.Error().Error()
	}
	return fmt.Sprintf("error %v", o.err)
}

// heeds is how long a request that heeds its caller's leaving may take to notice.
const noticeTime = 50 * time.Millisecond

// observe makes a request go wrong and waits until the plugin does nothing more
// for it. A plugin that crashed is followed by another.
func (s *faultyMount) observe(request func(context.Context) (*logical.Response, error), f fault) outcome {
	s.T.Helper()
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	s.injector.watch(f, leave)
	answered := make(chan outcome, 1)
	go func() {
		resp, err := request(ctx)
		answered <- outcome{resp: resp, err: err, unheard: ctx.Err() != nil}
	}()
	out := outcome{unheard: true}
	select {
	case out = <-answered:
	case <-s.injector.struck:
		if s.process.crashed() {
			break
		}
		leave()
		select {
		case out = <-answered:
		case <-time.After(noticeTime): // it waits for what hangs
			s.injector.timeOut()
			out = <-answered
		}
		s.injector.timeOut()
	}
	backendtest.WaitUntil(s.T, func() bool {
		select {
		case <-s.injector.struck: // work in the background hangs
			leave()
			s.injector.timeOut()
		default:
		}
		return s.process.crashed() || !s.busy()
	})
	out.faultHappened, out.steps = s.injector.stop()
	if out.crashed = s.process.crashed(); out.crashed {
		s.restartAfterCrash()
	}
	return out
}

// bury excuses the tokens that nobody can know of after a crash, and starts another
// process.
func (s *faultyMount) restartAfterCrash() {
	s.T.Helper()
	for _, live := range s.Paxos.LiveTokens() {
		if !s.recorded(live.Fingerprint) {
			s.proxy.excuse(live.Fingerprint)
		}
	}
	s.forgetHolders()
	s.startProcess()
}

// forgetHolders takes note that nobody can count the holders of the shared tokens
// any more that live now.
func (s *faultyMount) forgetHolders() {
	for _, live := range s.Paxos.LiveTokens() {
		s.holdersUnknown[live.Fingerprint] = true
	}
}

// ask sends a request as Vault's core does: existence check first for writes.
func (s *faultyMount) send(ctx context.Context, operation logical.Operation, path string,
	data map[string]any) (*logical.Response, error) {
	plugin := s.Backend // of now: another may follow
	req := &logical.Request{Operation: operation, Path: path, Data: data, Storage: s.Storage, MountPoint: "paxos/",
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
func (s *faultyMount) endLease(ctx context.Context, l *lease) error {
	_, err := s.Backend.HandleRequest(ctx, &logical.Request{
		Operation: logical.RevokeOperation, Path: l.path, Storage: s.Storage, Secret: l.resp.Secret, Data: l.resp.Data,
	})
	return err
}

// work is what Vault does every minute.
func (s *faultyMount) periodic(ctx context.Context) error {
	resp, err := s.Backend.HandleRequest(ctx,
		&logical.Request{Operation: logical.RollbackOperation, Storage: s.Storage})
	if err == nil && resp.IsError() {
		return resp.Error()
	}
	return err
}

// take is what Vault does with an answer that holds a token: it keeps the lease.
// What the token allows is held against its role.
func (s *faultyMount) register(path string, resp *logical.Response) {
	s.T.Helper()
	if resp.Data["client_secret"] != nil {
		s.leases = append(s.leases, &lease{path: path, resp: resp})
		return
	}
	fingerprint, name := paxostest.Fingerprint(backendtest.Token(resp)), path[strings.LastIndex(path, "/")+1:]
	if resp.Secret != nil {
		s.leases = append(s.leases, &lease{path: path, resp: resp})
	}
	stored := fingerprint + s.entries()["roles/"+name]
	switch {
	case s.endedByPaxos[fingerprint]: // the engine may not know, and may be about to replace it
		return
	case !s.Paxos.Alive(backendtest.Token(resp)):
		s.T.Fatalf("I8: %s answers a token that is dead at Paxos", path)
	case !s.recorded(fingerprint):
		s.T.Fatalf("I1: %s answers a token that is not on record: the next process will not know of it", path)
	case s.checked[stored]:
		return
	}
	s.checked[stored] = true
	role, err := s.send(context.Background(), logical.ReadOperation, "roles/"+name, nil)
	if err != nil || role == nil {
		s.T.Fatalf("I10: a token was issued under role %s, which cannot be read: %v", name, err)
	}
	s.checkScopes(path, fingerprint, strings.Fields(resp.Data["scope"].(string)),
		fmt.Sprint(role.Data["resolved_scopes"]))
	got := issuedToken{role: name, own: role.Data["unique_tokens"] == true, leased: resp.Secret != nil}
	if before, ok := s.issued[fingerprint]; ok && before.leased != got.leased {
		s.T.Fatalf("I1: leased and unleased readers of %s share a token", path)
	}
	s.issued[fingerprint] = got
}

// judgeScopes holds what a token allows at Paxos against what its reader was told
// and what the role allows.
func (s *faultyMount) checkScopes(path, fingerprint string, told []string, allowed string) {
	s.T.Helper()
	all := s.Paxos.Tokens()
	i := slices.IndexFunc(all, func(t paxostest.Token) bool { return t.Fingerprint == fingerprint })
	if i < 0 {
		s.T.Fatalf("I10: %s answers a token that Paxos does not know", path)
	}
	if broker.ScopeSet(told) != broker.ScopeSet(all[i].Scopes) {
		s.T.Fatalf("I10: %s says that its token allows %s; at Paxos it allows %s", path, told, all[i].Scopes)
	}
	for _, scope := range all[i].Scopes {
		if !strings.Contains(allowed, scope) {
			s.T.Fatalf("I10: %s issued a token that allows %s; the role allows %s", path, scope, allowed)
		}
	}
}

// hear keeps what was said, without the tokens that were meant to be in it.
func (s *faultyMount) recordAnswer(resp *logical.Response, err error) {
	s.answers.WriteString(fmt.Sprintln(err))
	if resp == nil {
		return
	}
	s.answers.WriteString(fmt.Sprintln(resp.Warnings))
	for name, value := range resp.Data {
		if name != "access_token" && name != "client_secret" {
			s.answers.WriteString(fmt.Sprintln(name, value))
		}
	}
	if resp.Secret != nil {
		s.answers.WriteString(fmt.Sprintln(resp.Secret.InternalData))
	}
}
