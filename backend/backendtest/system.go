package backendtest

import (
	"sync/atomic"
	"time"

	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
)

// System is what Vault tells a mount about itself. It counts the calls, because each of them would be
// a round trip from the plugin to Vault.
type System struct {
	logical.StaticSystemView
	Calls       atomic.Int64
	Disabling   atomic.Bool   // the mount is about to be disabled
	Replication atomic.Uint32 // the replication state, if it is not zero
}

// NewSystem returns the system view of a mount on a single node, with leases of an hour by default
// and a day at most.
func NewSystem() *System {
	return &System{StaticSystemView: logical.StaticSystemView{
		DefaultLeaseTTLVal: time.Hour, MaxLeaseTTLVal: 24 * time.Hour,
		ReplicationStateVal: consts.ReplicationPerformanceDisabled | consts.ReplicationDRDisabled,
		PluginEnvironment:   &logical.PluginEnvironment{VaultVersion: "1.21.0"},
	}}
}

// ReplicationState is part of logical.SystemView.
func (s *System) ReplicationState() consts.ReplicationState {
	s.Calls.Add(1)
	if state := s.Replication.Load(); state != 0 {
		return consts.ReplicationState(state)
	}
	return s.StaticSystemView.ReplicationState()
}

// LocalMount is part of logical.SystemView.
func (s *System) LocalMount() bool {
	s.Calls.Add(1)
	return s.StaticSystemView.LocalMount()
}

// DefaultLeaseTTL is part of logical.SystemView.
func (s *System) DefaultLeaseTTL() time.Duration {
	s.Calls.Add(1)
	return s.StaticSystemView.DefaultLeaseTTL()
}

// MaxLeaseTTL is part of logical.SystemView.
func (s *System) MaxLeaseTTL() time.Duration {
	s.Calls.Add(1)
	return s.StaticSystemView.MaxLeaseTTL()
}

// Tainted is part of logical.SystemView.
func (s *System) Tainted() bool {
	s.Calls.Add(1)
	return s.Disabling.Load()
}
