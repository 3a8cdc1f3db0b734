package backend_test

import (
	"testing"

	"vault-plugin-secrets-paxos/backend/backendtest"
)

// mount is a mount of the test kit, with what the tests of this package ask of it besides.
type mount struct {
	backendtest.Mount
	secretOfK string // a stored client's
}

// newMount returns a mount that nothing was written to.
func newMount(t *testing.T) *mount {
	t.Helper()
	return &mount{Mount: *backendtest.NewMount(t)}
}

// newConfiguredMount returns a mount with its root client and a role called mint.
func newConfiguredMount(t *testing.T) *mount {
	t.Helper()
	return &mount{Mount: *backendtest.NewConfiguredMount(t)}
}

// newInProcessMount is newMount for a test that makes thousands of requests, or hundreds of mounts.
func newInProcessMount(t *testing.T) *mount {
	t.Helper()
	return &mount{Mount: *backendtest.NewInProcessMount(t)}
}

// neighbor returns another mount of the same plugin process.
func (m *mount) neighbor() *mount {
	m.T.Helper()
	return &mount{Mount: *m.Neighbor()}
}
