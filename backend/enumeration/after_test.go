package enumeration

import (
	"context"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// tickOnce does the periodic work, which must succeed once nothing is broken.
func (p *run) tick() {
	p.T.Helper()
	err := p.periodic(context.Background())
	p.recordAnswer(nil, err)
	if err != nil {
		p.T.Fatalf("periodic work: %v", err)
	}
}

// ticks lets minutes pass, with periodic work in them: longer than a row is left to
// its writer, than a shared token is kept idle, and than a ban lasts.
func (p *run) passMinutes() {
	p.T.Helper()
	for _, pause := range []time.Duration{time.Minute, 5*time.Minute + time.Second} {
		p.Clock.Advance(pause)
		p.tick()
	}
}

// judgeExpiry lets every token expire and looks for what is left of them.
func (p *run) checkExpiry() {
	p.T.Helper()
	p.Clock.Advance(2 * time.Hour)
	p.tick() // it may compare with Paxos, by a token whose record lasts for some minutes
	p.Clock.Advance(10 * time.Minute)
	p.tick()
	if live := p.Paxos.LiveTokens(); len(live) > 0 {
		p.T.Fatalf("I1: %d tokens live two hours later", len(live))
	}
	if p.System.Disabling.Load() { // all goes with the mount
		return
	}
	all, settings := p.entries(), p.settings()
	for key := range all {
		if _, ok := settings[key]; !ok && key != "pulse" && key != "drift" && !strings.HasPrefix(key, "usage/") {
			p.T.Fatalf("%s is left in storage, of tokens and bans that are long over", key)
		}
	}
	p.checkClients()
}

// readAll reads every path that issues a token, and returns those that do, and
// whether they share it.
func (p *run) readAll() map[string]bool {
	p.T.Helper()
	worked := map[string]bool{}
	for _, name := range p.listRoles() {
		if name == leasingRole {
			continue // each read takes a client away
		}
		for _, path := range []string{"creds/" + name, "token/" + name} {
			if resp, err := p.tryRead(path); err == nil {
				worked[path] = !p.issued[paxostest.Fingerprint(backendtest.Token(resp))].own
			}
		}
	}
	return worked
}

// tryRead reads a path that issues a token.
func (p *run) tryRead(path string) (*logical.Response, error) {
	p.T.Helper()
	resp, err := p.send(context.Background(), logical.ReadOperation, path, nil)
	p.recordAnswer(resp, err)
	if err == nil && resp.IsError() {
		err = resp.Error()
	}
	if err == nil {
		p.register(path, resp)
		if p.endedByPaxos[paxostest.Fingerprint(backendtest.Token(resp))] {
			p.awaitRefreshes() // another may be requested in its place, be it as the probe after a ban
		}
	}
	return resp, err
}

// roles lists the roles there are.
func (s *faultyMount) listRoles() []string {
	s.T.Helper()
	resp, err := s.send(context.Background(), logical.ListOperation, "roles/", nil)
	if err != nil {
		s.T.Fatalf("listing the roles: %v", err)
	}
	names, _ := resp.Data["keys"].([]any)
	var roles []string
	for _, name := range names {
		roles = append(roles, name.(string))
	}
	return roles
}
