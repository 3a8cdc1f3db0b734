package backend_test

import (
	"context"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// tickOnce does the periodic work, which must succeed once nothing is broken.
func (p *trial) tickOnce() {
	p.t.Helper()
	err := p.work(context.Background())
	p.hear(nil, err)
	if err != nil {
		p.t.Fatalf("periodic work: %v", err)
	}
}

// ticks lets minutes pass, with periodic work in them: longer than a row is left to
// its writer, than a shared token is kept idle, and than a ban lasts.
func (p *trial) ticks() {
	p.t.Helper()
	for _, pause := range []time.Duration{time.Minute, 5*time.Minute + time.Second} {
		p.clock.advance(pause)
		p.tickOnce()
	}
}

// judgeExpiry lets every token expire and looks for what is left of them.
func (p *trial) judgeExpiry() {
	p.t.Helper()
	p.clock.advance(2 * time.Hour)
	p.tickOnce() // it may compare with Paxos, by a token whose record lasts for some minutes
	p.clock.advance(10 * time.Minute)
	p.tickOnce()
	if live := p.paxos.LiveTokens(); len(live) > 0 {
		p.t.Fatalf("I1: %d tokens live two hours later", len(live))
	}
	if p.system.tainted.Load() { // all goes with the mount
		return
	}
	all, settings := p.entries(), p.settings()
	for key := range all {
		if _, ok := settings[key]; !ok && key != "pulse" && key != "drift" && !strings.HasPrefix(key, "usage/") {
			p.t.Fatalf("%s is left in storage, of tokens and bans that are long over", key)
		}
	}
	p.judgeClients()
}

// readAll reads every path that issues a token, and returns those that do, and
// whether they share it.
func (p *trial) readAll() map[string]bool {
	p.t.Helper()
	worked := map[string]bool{}
	for _, name := range p.roles() {
		if name == poolRole {
			continue // each read takes a client away
		}
		for _, path := range []string{"creds/" + name, "token/" + name} {
			if resp, err := p.tryRead(path); err == nil {
				worked[path] = !p.issued[paxostest.Fingerprint(token(resp))].own
			}
		}
	}
	return worked
}

// tryRead reads a path that issues a token.
func (p *trial) tryRead(path string) (*logical.Response, error) {
	p.t.Helper()
	resp, err := p.ask(context.Background(), logical.ReadOperation, path, nil)
	p.hear(resp, err)
	if err == nil && resp.IsError() {
		err = resp.Error()
	}
	if err == nil {
		p.take(path, resp)
		if p.lost[paxostest.Fingerprint(token(resp))] {
			p.refreshed() // another may be requested in its place, be it as the probe after a ban
		}
	}
	return resp, err
}

// roles lists the roles there are.
func (s *site) roles() []string {
	s.t.Helper()
	resp, err := s.ask(context.Background(), logical.ListOperation, "roles/", nil)
	if err != nil {
		s.t.Fatalf("listing the roles: %v", err)
	}
	names, _ := resp.Data["keys"].([]any)
	var roles []string
	for _, name := range names {
		roles = append(roles, name.(string))
	}
	return roles
}
