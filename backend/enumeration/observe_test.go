package enumeration

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
)

// observe makes a request in which the fault happens, and waits until the plugin has nothing left
// to do for it. If the plugin process crashed, another one is started.
func (m *faultyMount) observe(request func(context.Context) (*logical.Response, error), f fault) outcome {
	m.T.Helper()
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	m.injector.watch(f, leave)
	answered := make(chan outcome, 1)
	go func() {
		resp, err := request(ctx)
		answered <- outcome{resp: resp, err: err, unheard: ctx.Err() != nil}
	}()
	out := outcome{unheard: true}
	select {
	case out = <-answered:
	case <-m.injector.struck:
		if m.process.crashed() {
			break
		}
		leave()
		select {
		case out = <-answered:
		case <-time.After(noticeTime): // it waits for what hangs
			m.injector.timeOut()
			out = <-answered
		}
		m.injector.timeOut()
	}
	backendtest.WaitUntil(m.T, func() bool {
		select {
		case <-m.injector.struck: // work in the background hangs
			leave()
			m.injector.timeOut()
		default:
		}
		return m.process.crashed() || !m.working()
	})
	out.faultHappened, out.steps = m.injector.stop()
	if out.crashed = m.process.crashed(); out.crashed {
		m.restartAfterCrash()
	}
	return out
}

// An outcome is what became of the request under observation.
type outcome struct {
	resp          *logical.Response
	err           error
	unheard       bool // nobody got the answer
	crashed       bool // the plugin's process crashed
	faultHappened bool // the fault came about
	steps         []step
}

// ok reports whether the caller was told that the request succeeded.
func (o outcome) ok() bool { return !o.unheard && o.err == nil && !o.resp.IsError() }

// String describes the answer without its data, which may be secret.
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
