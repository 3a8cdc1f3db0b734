package cluster

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// clientsTry is how long a client of Vault retries at least with the default settings: it waits for a
// second or more, and then for two seconds or more.
const clientsTry = 3 * time.Second

// checked is how long the load balancer may take to notice another leader.
const checked = 200 * time.Millisecond

// A loss is a way to lose the leader and to get its node back.
type loss struct {
	name   string
	silent bool // the other nodes notice only that it is silent, which may take longer than clientsTry
	of     func(context.Context, *stack.Stack) error
	back   func(context.Context, *stack.Stack) error
}

var (
	killed = loss{"killed", true,
		func(_ context.Context, leader *stack.Stack) error { leader.Kill(); return nil },
		func(ctx context.Context, leader *stack.Stack) error { return leader.Restart(ctx) },
	}
	sealed = loss{"sealed", false,
		func(ctx context.Context, leader *stack.Stack) error { return leader.Seal(ctx) },
		func(ctx context.Context, leader *stack.Stack) error { return leader.Unseal(ctx) },
	}
	steppedDown = loss{"stepped down", false,
		func(ctx context.Context, leader *stack.Stack) error { return leader.StepDown(ctx) },
		func(context.Context, *stack.Stack) error { return nil },
	}
)

// owned is how many leases with their own token there are before the first loss.
const owned = 5

// TestTokensOutliveTheLeader loses one leader after another while applications read.
func TestTokensOutliveTheLeader(t *testing.T) {
	m := newMount(t, nil)
	m.role("app", nil)
	m.role("own", map[string]any{"unique_tokens": true})
	m.readOften("own", owned)
	leased, unleased := m.readID("creds/app"), m.readID("token/app")
	load := m.startLoad("app")
	// this comes last, because the node does not try to lead for a while
	for _, way := range []loss{killed, sealed, killed, sealed, steppedDown} {
		m.lose(way, load)
		m.expectServed("token/app", unleased)
	}
	load.stop()

	t.Logf("%d reads: %d failed, %d stopped without a leader, %d raw failures that clients tried again, the "+
		"longest took %s; %d leases",
		load.reads, len(load.failed), load.leaderless, load.raw.Load(), load.longest.Round(time.Millisecond),
		len(load.leases))
	for _, err := range load.failed {
		t.Errorf("a read failed for good: %v", err)
	}
	for token, reads := range load.tokens {
		if token != leased && token != unleased {
			t.Errorf("%d reads got another token, %s", reads, token)
		}
	}
	m.expectIssued(2 + owned)
	m.expectKept(load.leases)
	m.revokeAll()
	await(t, patience, func() error { return m.noLeases("app", "own") })
	m.expectNoneIrrevocable()
	// no node knows the holders of the leased token any more
	await(t, twoTicks, func() error { return m.onlyAlive(leased, unleased) })
	m.write("roles/app/rotate") // which therefore ends it
	await(t, patience, func() error { return m.onlyAlive() })
}

// expectKept checks that Vault has all the leases, and that the tokens of the role own are alive.
func (m *mount) expectKept(given []string) {
	m.Helper()
	kept := m.leases("app")
	for _, lease := range given {
		if !kept[lease] {
			m.Errorf("Vault has lost the lease %s", lease)
		}
	}
	if kept := len(m.leases("own")); kept != owned {
		m.Errorf("Vault keeps %d leases of tokens of their own, want %d", kept, owned)
	}
}

// lose loses the leader, waits until another node serves the load, and gets the first node back.
func (m *mount) lose(way loss, load *load) {
	m.Helper()
	leader := m.leader()
	plugins, err := leader.PluginPIDs()
	if err != nil || len(plugins) != 1 {
		m.Fatalf("the plugin runs as %v, %v", plugins, err)
	}
	raw := load.raw.Load()
	_, leaderless := load.count()
	started := time.Now()
	if err := way.of(m.Context(), leader); err != nil {
		m.Fatal(err)
	}
	await(m.T, patience, func() error { return stack.Ended(plugins[0]) })
	gone := time.Since(started)
	await(m.T, patience, func() error {
		if m.leader() == leader {
			return errors.New("the leader still leads")
		}
		return nil
	})
	elected := time.Since(started)
	before, _ := load.count()
	await(m.T, patience, func() error {
		if reads, _ := load.count(); reads < before+2*readers {
			return errors.New("the load is not served")
		}
		return nil
	})
	_, stopped := load.count()
	stopped -= leaderless
	m.Logf("leader %s: its plugin gone after %s, another leader after %s, the load served after %s; %d raw "+
		"failures, %d reads stopped",
		way.name, gone.Round(time.Millisecond), elected.Round(time.Millisecond),
		time.Since(started).Round(time.Millisecond), load.raw.Load()-raw, stopped)
	if stopped > 0 && !(way.silent && elected > clientsTry-checked) {
		m.Errorf("%d reads were stopped because no node was active, although one could have been", stopped)
	}
	if err := way.back(m.Context(), leader); err != nil {
		m.Fatal(err)
	}
	if err := m.AwaitHealthy(m.Context()); err != nil {
		m.Fatal(err)
	}
}

// expectServed reads from every node and checks how many plugin processes there are: one, because
// standby nodes forward requests, or one on each node if standby nodes answer reads themselves.
func (m *mount) expectServed(path, token string) {
	m.Helper()
	processes := 0
	for _, node := range m.Nodes {
		client, err := node.Client(node.RootToken)
		if err != nil {
			m.Fatal(err)
		}
		await(m.T, patience, func() error {
			answer, err := m.read(client, path)
			if err == nil && tokenID(answer) != token {
				return fmt.Errorf("%s gave another token", node.Directory)
			}
			return err
		})
		plugins, err := node.PluginPIDs()
		if err != nil {
			m.Fatal(err)
		}
		processes += len(plugins)
	}
	want := 1
	if m.Nodes[0].Product.StandbysRunPlugins() {
		want = len(m.Nodes)
	}
	if processes != want {
		m.Errorf("the cluster runs %d processes of the plugin, want %d", processes, want)
	}
}
