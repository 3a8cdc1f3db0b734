// Package backendtest makes the secrets engine testable from outside: it loads a mount the way
// Vault does, in front of a stand-in Paxos, with a clock that only moves when the test says so.
//
//	m := backendtest.NewConfiguredMount(t)
//	lease := m.Must(logical.ReadOperation, "creds/mint", nil)
//	m.Clock.Advance(time.Hour)
//	m.Tick()
//
// What the mount asks of its surroundings is counted and can be made to fail: by Storage, System
// and Events on Vault's side, and by the faults of package paxostest on the side of Paxos.
//
// The package is for tests only. The plugin never links it.
package backendtest
