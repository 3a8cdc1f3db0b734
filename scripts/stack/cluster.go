package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/hashicorp/vault/api"
)

// settleDeadline is how long a cluster may take to elect a leader, and how long until all nodes are
// healthy voters. It allows for slow machines.
const settleDeadline = 60 * time.Second

// A Cluster is a group of Vault servers with integrated storage behind a load balancer. One of them is
// active. Each node has a directory of its own with the plugin's binary.
type Cluster struct {
	Nodes     []*Stack
	Directory string

	balancer *balancer
}

// StartCluster starts a cluster with this number of nodes, all of them unsealed voters. It
// registers and enables nothing.
func StartCluster(ctx context.Context, options Options, size int) (*Cluster, error) {
	directory, err := os.MkdirTemp("", "vault-paxos-cluster-")
	if err == nil {
		// as Vault does before it starts a plugin, so that the path of the process matches
		directory, err = filepath.EvalSymlinks(directory)
	}
	if err != nil {
		return nil, fmt.Errorf("making a directory: %w", err)
	}
	c := &Cluster{Directory: directory}
	if err := c.start(ctx, options, size); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// start starts the nodes and the balancer.
func (c *Cluster) start(ctx context.Context, options Options, size int) (err error) {
	if options.Plugin == "" {
		if options.Plugin, err = Build(ctx, c.Directory, PluginName); err != nil {
			return err
		}
	}
	var addresses []string
	for range size {
		if err := c.add(ctx, options); err != nil {
			return err
		}
		addresses = append(addresses, c.Nodes[len(c.Nodes)-1].Address)
	}
	if c.balancer, err = startBalancer(addresses); err != nil {
		return err
	}
	return c.AwaitHealthy(ctx)
}

// add starts a node. The first node creates the cluster, and the others join it.
func (c *Cluster) add(ctx context.Context, options Options) error {
	name := fmt.Sprintf("node-%d", len(c.Nodes)+1)
	directory := filepath.Join(c.Directory, name)
	plugins := filepath.Join(directory, "plugins")
	if err := os.MkdirAll(plugins, 0o700); err != nil {
		return fmt.Errorf("making a directory: %w", err)
	}
	plugin := filepath.Join(plugins, PluginName)
	if err := os.Link(options.Plugin, plugin); err != nil {
		return fmt.Errorf("giving %s the plugin: %w", name, err)
	}
	product, err := productOf(ctx, options.Vault)
	if err != nil {
		return err
	}
	vault := &Vault{Product: product, binary: options.Vault, directory: directory, plugins: plugins,
		logLevel: options.LogLevel, node: name}
	if err := vault.start(ctx); err != nil {
		return err
	}
	c.Nodes = append(c.Nodes, &Stack{Vault: vault, Directory: directory, Plugin: plugin})
	if len(c.Nodes) > 1 {
		return vault.join(ctx, c.Nodes[0].Vault)
	}
	if err := vault.initialise(ctx); err != nil {
		return err
	}
	_, err = c.Leader(ctx)
	return err
}

// Leader waits until a node is active, and returns it.
func (c *Cluster) Leader(ctx context.Context) (*Stack, error) {
	ctx, cancel := context.WithTimeout(ctx, settleDeadline)
	defer cancel()
	var leader *Stack
	err := Await(ctx, briefly, func() error {
		for _, node := range c.Nodes {
			client, err := node.Client("")
			if err != nil {
				return err
			}
			client.SetMaxRetries(0)
			health, err := client.Sys().HealthWithContext(ctx)
			if err == nil && health.Initialized && !health.Sealed && !health.Standby {
				leader = node
				return nil
			}
		}
		return errors.New("no node is active")
	})
	return leader, err
}

// AwaitHealthy waits until every node is a healthy voter, so that the cluster can lose any one of them.
func (c *Cluster) AwaitHealthy(ctx context.Context) error {
	leader, err := c.Leader(ctx)
	if err != nil {
		return err
	}
	client, err := leader.Client(leader.RootToken)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, settleDeadline)
	defer cancel()
	return Await(ctx, briefly, func() error {
		state, err := client.Sys().RaftAutopilotStateWithContext(ctx)
		if err != nil {
			return fmt.Errorf("asking the cluster how it is: %w", err)
		}
		if state == nil || !state.Healthy || len(state.Voters) < len(c.Nodes) {
			return fmt.Errorf("the cluster is not healthy yet: %v", state)
		}
		return nil
	})
}

// Client returns a client of the whole cluster with the token. It retries as often as clients of Vault
// do by default.
func (c *Cluster) Client(token string) (*api.Client, error) {
	config := api.DefaultConfig()
	if config.Error != nil {
		return nil, fmt.Errorf("making a client of Vault: %w", config.Error)
	}
	config.Address, config.AgentAddress = c.balancer.address, ""
	client, err := api.NewClient(config)
	if err != nil {
		return nil, fmt.Errorf("making a client of Vault: %w", err)
	}
	client.ClearNamespace() // the user's environment must have no effect
	client.SetToken(token)
	return client, nil
}

// Close stops all nodes and their plugins, including plugins of a node that was killed, and removes the
// directory.
func (c *Cluster) Close() error {
	var (
		group  sync.WaitGroup
		errs   = make([]error, len(c.Nodes))
		orphan []int
	)
	for i, node := range c.Nodes {
		group.Go(func() { errs[i] = node.Close() })
	}
	group.Wait()
	err := errors.Join(errs...)
	for _, node := range c.Nodes {
		pids, listErr := running(node.Plugin)
		orphan, err = append(orphan, pids...), errors.Join(err, listErr)
	}
	if c.balancer != nil {
		err = errors.Join(err, c.balancer.close())
	}
	return errors.Join(err, awaitEnds(orphan), os.RemoveAll(c.Directory))
}
