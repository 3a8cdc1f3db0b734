package enumeration

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/logical"
)

// A scenario is a state of the mount, a request that is made in that state, and what is special
// about it.
type scenario struct {
	operation logical.Operation
	path      string
	when      string // the state, in words
	setUp     func(*faultyMount)
	pathOf    func(*faultyMount) string         // where path holds something that differs from mount to mount
	data      func(*faultyMount) map[string]any // nil for none
	lease     bool                              // ends the first lease, instead of path

	mayStandAlone string // the setting that may be written without the others: a read shows that they are missing
	refused       bool   // must not succeed
	refusesRepeat bool   // is refused when it is repeated although it was done, with a word on that
	hasValidToken bool   // holds a token that is valid: nothing at Paxos makes it fail
	endsTokensOf  string // the role whose earlier tokens are dead once it has succeeded; * for all
	extraRequests int    // token requests that periodic work may make afterwards, to look at the clients at Paxos
	counts        string // how much signer payouts has used of its daily limit afterwards; empty: not looked at
	losesRevokers bool   // takes away what a token could be ended with
}

// initializing stands for what Vault does with a plugin process before its first request, as if
// that were an operation.
const initializing logical.Operation = "initialize"

// String names the scenario for the name of a test, in which a slash would begin another test.
func (sc scenario) String() string {
	return strings.ReplaceAll(fmt.Sprintf("%s %s %s", sc.operation, sc.path, sc.when), "/", ":")
}

// request is the request of the scenario, ready to be sent.
func (sc scenario) request(m *faultyMount) func(context.Context) (*logical.Response, error) {
	switch {
	case sc.lease:
		first := m.leases[0]
		first.ended = true
		return func(ctx context.Context) (*logical.Response, error) { return nil, m.endLease(ctx, first) }
	case sc.operation == logical.RollbackOperation:
		return func(ctx context.Context) (*logical.Response, error) { return nil, m.periodic(ctx) }
	case sc.operation == initializing:
		return func(ctx context.Context) (*logical.Response, error) { return nil, m.initialize(ctx) }
	}
	var data map[string]any
	if sc.data != nil {
		data = sc.data(m)
	}
	path := sc.path
	if sc.pathOf != nil {
		path = sc.pathOf(m)
	}
	return func(ctx context.Context) (*logical.Response, error) { return m.send(ctx, sc.operation, path, data) }
}

// fixed makes the data of a request that is the same for every mount.
func fixed(data map[string]any) func(*faultyMount) map[string]any {
	return func(*faultyMount) map[string]any { return data }
}

// scenarios are all written scenarios. Every other operation gets one by declaredScenarios.
func scenarios() []scenario {
	return slices.Concat(settingScenarios(), roleScenarios(), scopeScenarios(), issuingScenarios(), endingScenarios(),
		clientScenarios(), readerScenarios(), exceptionScenarios(), signingScenarios())
}
