package enumeration

import (
	"bytes"
	"context"
	"reflect"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
)

// A process is one plugin process. After it has crashed, nothing that it still does has an effect:
// its goroutines stand still until the test is over.
type process struct {
	label    string
	over     chan struct{}
	testOver chan struct{}
}

// crashed reports whether the process has crashed.
func (p *process) crashed() bool {
	select {
	case <-p.over:
		return true
	default:
		return false
	}
}

// crash ends the process. The goroutine that calls it stands still from then on.
func (p *process) crash(in *injector) {
	close(p.over)
	in.notify()
	<-p.testOver
}

// processes counts plugin processes, so that each has a label of its own.
var processes atomic.Int64

// A grpcBackend is what lies between Vault and a plugin: requests and answers are converted as gRPC
// does it. All goroutines that begin behind it carry the label of the process. The plugin runs in
// the process of the test, so that the test can see when it has nothing left to do.
type grpcBackend struct {
	logical.Backend
	process *process
}

// Initialize is part of logical.Backend.
func (b grpcBackend) Initialize(ctx context.Context, req *logical.InitializationRequest) (err error) {
	pprof.Do(ctx, pprof.Labels("process", b.process.label), func(ctx context.Context) {
		err = b.Backend.Initialize(ctx, req)
	})
	return err
}

// HandleRequest is part of logical.Backend.
func (b grpcBackend) HandleRequest(ctx context.Context, req *logical.Request) (resp *logical.Response, err error) {
	pprof.Do(ctx, pprof.Labels("process", b.process.label), func(ctx context.Context) {
		resp, err = backendtest.InProcess{Backend: b.Backend}.HandleRequest(ctx, req)
	})
	return resp, err
}

// working reports whether the plugin process does anything: whether one of the goroutines that carry
// its label is more than a timer or an idle connection. It costs some milliseconds, so it first gives
// the process a chance to finish.
//
// The names of the engine's own functions play no part in it, so that renaming one cannot blind it.
func (m *faultyMount) working() bool {
	for range 100 {
		runtime.Gosched()
	}
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		m.T.Fatal(err)
	}
	for goroutines := range strings.SplitSeq(profile.String(), "\n\n") {
		resting := func(function string) bool { return strings.Contains(goroutines, "\t"+function+"+") }
		if strings.Contains(goroutines, m.process.label) && !slices.ContainsFunc(restingPlaces, resting) {
			return true
		}
	}
	return false
}

// restingPlaces are the functions in which goroutines of a plugin process stay although nothing is
// left to do: a timer of the engine, which waits for the test to move the clock, and the two
// goroutines that net/http keeps for each idle connection to Paxos.
var restingPlaces = []string{
	runtime.FuncForPC(reflect.ValueOf((*backendtest.Clock).Sleep).Pointer()).Name(),
	"net/http.(*persistConn).readLoop",
	"net/http.(*persistConn).writeLoop",
}

// awaitBackground waits until the plugin process has nothing left to do. What it does in the
// background takes real time, while the time of the test jumps: a test that does not wait would
// see, on a busy machine, work that takes minutes by its clock.
func (m *faultyMount) awaitBackground() {
	m.T.Helper()
	backendtest.WaitUntil(m.T, func() bool { return !m.working() })
}
